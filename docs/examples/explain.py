import paysim

results = paysim.run(paysim.load_scenario("docs/examples/stuck.yaml"))
told = results.explain("ALPHA", 3)
for transaction in told["transactions"]:
    print(transaction["transaction_id"], "lacks", transaction["short_by"])
print("could settle together:", told["largest_ordered_set"])
print(results.trace("rent"))
