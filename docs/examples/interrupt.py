"""
A treasurer who sleeps until the operator calls, and pays what is in the queue then.
"""

import simpy

import paysim


def treasurer(agent):
    while True:
        try:
            yield agent.env.timeout(1_000)
        except simpy.Interrupt as call:
            view = agent.view()
            print(f"{agent.env.now}: {view.agent_id} is told of {call.cause}, has {view.balance}")
            for transaction in view.internal_queue:
                agent.release(transaction)


def operator(simulation):
    while True:
        outcome = yield simulation.tick_over()
        if outcome.num_arrivals:
            yield simulation.env.timeout(3)
            simulation.agents["BETA"].process.interrupt(f"an arrival in tick {outcome.tick}")


scenario = paysim.load_scenario("scenarios/two_banks.yaml")
simulation = paysim.Simulation(scenario, behaviour={"BETA": treasurer})
simulation.env.process(operator(simulation))
simulation.run()
print("ALPHA's process:", simulation.agents["ALPHA"].process)
