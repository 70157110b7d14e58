/** Bounded exhaustive checking of the shipped connection. */

export { drillScript } from './drill-script.ts'
export { Exploration, type Violation } from './exploration.ts'
export type { Bounds, Scenario, SidePlan } from './plan.ts'
export { Replay, type SentPacket } from './replay.ts'
export { SCENARIOS } from './scenarios.ts'
