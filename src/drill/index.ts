/**
 * `elko/drill`: packetdrill scripts against Elko in virtual time, in Node and in the browser.
 *
 * `drill(text, name)` plays a script. Whoever wants to play to another stack drives `play` with a stage of its own.
 */

export { type DrillOptions, type DrillResult, drill } from './drill.ts'
export { ElkoStage } from './elko-stage.ts'
export { type ParseOptions, type Platform, parseScript } from './parse-script.ts'
export { play } from './player.ts'
export { printEvent, printPacket, printScript } from './print.ts'
export type { PacketAction, Place, Script, ScriptEvent } from './script.ts'
export { platformOf, type Setting, type Settings, settingsOf } from './settings.ts'
export { ScriptError } from './source-errors.ts'
export type { Answer, Request } from './stage.ts'
export type { Difference, Failure, Note, Passed, Verdict } from './verdict.ts'
