"""What the instrumentations of the world call things: one table per dialect (api.md, section 4).

A dialect's module says which attributes give which field (`FIELDS`), which values of which attribute tell the type of a
step (`TYPES`), where the parameters of a call stand (`PARAMETERS`, `PARAMETER_PREFIXES`), and where inputs and outputs
hide (`READERS`). `order` puts the tables in their order of precedence; `index` compiles them to one look-up per name.
"""
