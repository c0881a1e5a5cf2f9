"""
Files that people bring: texts of scenarios, tables of agents and of transactions, and mappings.

`documents` reads YAML and JSON as plain data with places, `csv_text` rows and cells with places.
`agents` and `transactions` make agents and transactions of tables; `beside` brings a scenario
together with the files that it names. Nothing here knows what a scenario is.
"""
