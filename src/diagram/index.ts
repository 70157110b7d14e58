/** `elko/diagram`: pictures and verdicts from trace events. */

export { type LadderOptions, ladder } from './ladder.ts'
export { connectionsIn, type LadderPair } from './ladder-select.ts'
export { stateMachine, stateMachineData, statePathLines } from './state-machine.ts'
export { type VerdictData, verdict, verdictData, verdictText } from './verdict.ts'
