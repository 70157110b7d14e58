/** `elko/analyze`: what happened to a connection, and why; and what a capture says of its packets. */

export { Dissector, type TcpCallback } from '../dissect/dissect.ts'
export type { Packet, TcpFields } from '../dissect/packet.ts'
export { ByteStreams, type SinkMaker } from '../flows/byte-streams.ts'
export {
  type ConversationSide,
  ConversationTable,
  type ConversationTotals,
} from '../flows/conversation-table.ts'
export { ELKO_FIELDS, type ElkoField, type ElkoView } from '../flows/elko-fields.ts'
export {
  type Field,
  type FieldKind,
  type FieldValue,
  FRAME_FIELDS,
  fieldText,
  TCP_FIELDS,
  type TcpView,
} from '../flows/fields.ts'
export type { Flow, FlowReport, SideReport } from '../flows/flow.ts'
export { FlowRecorder } from '../flows/flow-recorder.ts'
export { FlowTracker } from '../flows/flow-tracker.ts'
export type { Interval } from '../flows/interval.ts'
export { CAUSES, type Cause, type CauseKind } from '../flows/retransmission-cause.ts'
export { SequenceAnalysis } from '../flows/sequence-analysis.ts'
export type { FlowStep } from '../flows/side-states.ts'
export type { StreamSink } from '../flows/stream-assembler.ts'
export { type Match, type Pattern, StreamSearch } from '../flows/stream-search.ts'
export { ANALYSIS_FLAGS, type TcpAnalysis } from '../flows/tcp-analysis.ts'
export { type Culprit, type Diagnosis, diagnose } from './diagnosis.ts'
export { diagnosisText, ElkoDiagnosis } from './elko-diagnosis.ts'
export type { Evidence, IcmpEvidence, SegmentEvidence } from './evidence.ts'
export type { Seen } from './outside/application-errors.ts'
export { CaptureDiagnoser, type CaptureReport } from './outside/capture-diagnoser.ts'
export type { CaptureDiagnosis } from './outside/capture-diagnosis.ts'
export type {
  CaptureCulprit,
  Cause as LikelyCause,
  Confidence,
  EvidenceFrame,
  ResetSender,
} from './outside/case.ts'
export { type CaptureFileReport, diagnoseCapture } from './outside/diagnose-capture.ts'
export { type ErrorMeaning, explainError } from './outside/error-texts.ts'
export type { Finding } from './outside/findings.ts'
export type { CaptureNote } from './outside/notes.ts'
export { type Comparison, compareCaptures, PlaceCapture } from './outside/two-captures.ts'
export { type CaptureVerdict, type Phase, VERDICTS } from './outside/verdicts.ts'
export type { Trouble } from './trouble.ts'
