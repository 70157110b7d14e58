/** `elko/replay`: what a stack recorded, once more. Pure: it runs in browsers as well. */

export { InputLog, type InputLogOptions } from '../stack/input-log.ts'
export type { Recording } from '../stack/recording.ts'
export type { Divergence } from './divergence.ts'
export { inputText, outcomeText } from './divergence.ts'
export { LogError } from './log-cursor.ts'
export { type Draw, type Entry, type Input, type LogEnd, LogReader, type Outcome } from './log-entries.ts'
export type { RecordedStack } from './recorded-facts.ts'
export { type ReplayedRun, type ReplayOptions, replayRun } from './replayed-run.ts'
export type { ReplayedStack } from './replayed-stack.ts'
export { type ReplayedPacket, Replayer, type ReplayerOptions, replayTo } from './replayer.ts'
