"""
A bank as a SimPy process, in an environment of one's own, with a stranger beside it.
"""

import simpy

import paysim

env = simpy.Environment()


def late_riser(agent):
    yield env.timeout(30)
    print(f"{env.now}: {agent.id} opens its books, {len(agent.internal_queue)} waiting")
    while True:
        for transaction in agent.internal_queue:
            agent.release(transaction)
        yield agent.wake()


def observer(simulation):
    while True:
        outcome = yield simulation.tick_over()
        if outcome.num_settlements:
            print(f"{env.now}: {outcome.num_settlements} settled in tick {outcome.tick}")


scenario = paysim.load_scenario("scenarios/two_banks.yaml")
simulation = paysim.Simulation(scenario, env=env, behaviour={"BETA": late_riser})
env.process(observer(simulation))
simulation.run()
