/** `elko/diagram`: pictures and verdicts from trace events. */

export { connectionsIn, type LadderPair } from '../trace/connections.ts'
export { type LadderOptions, ladder } from './ladder.ts'
export { stateMachine, stateMachineData, statePathLines } from './state-machine.ts'
export { type VerdictData, verdict, verdictData, verdictText } from './verdict.ts'
