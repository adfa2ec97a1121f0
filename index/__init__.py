"""How we find it: encoder, dense and lexical indexes, fusion, store, searcher."""
