/** `elko/diagram`: pictures and verdicts from trace events. */

export { connectionsIn, type LadderPair } from '../trace/connections.ts'
export { type LadderOptions, ladder } from './ladder.ts'
export { drawSequence } from './sequence/draw.ts'
export { layoutSequence } from './sequence/layout.ts'
export type { Banner, SequenceOptions } from './sequence/options.ts'
export { sequenceDiagram } from './sequence/sequence-diagram.ts'
export { labelsOf, type SequenceLayout } from './sequence/sequence-layout.ts'
export { stateMachine, stateMachineData, statePathLines } from './state-machine.ts'
export { type VerdictData, verdict, verdictData, verdictText } from './verdict.ts'
