"""Guidelines as dated tables: what one says of these inputs, by which rule, or why it cannot apply.

    schema -> values -> table      a table of rules over sizes, words and yes-or-no answers
    lesions -> recist              response of tumours between time points

A table is data (`resources/guidelines/*.toml`, format in docs/guidelines.md); a site's own lie in the
folder `guidelines` of its settings.
"""
