/** `elko/analyze`: what happened to a connection, and why; and what a capture says of its packets. */

export { Dissector, type TcpCallback } from '../dissect/dissect.ts'
export type { Packet, TcpFields } from '../dissect/packet.ts'
export { ByteStreams, type SinkMaker } from '../flows/byte-streams.ts'
export {
  type Field,
  type FieldKind,
  type FieldValue,
  FRAME_FIELDS,
  fieldText,
  TCP_FIELDS,
  type TcpView,
} from '../flows/fields.ts'
export type { Interval } from '../flows/interval.ts'
export { SequenceAnalysis } from '../flows/sequence-analysis.ts'
export type { StreamSink } from '../flows/stream-assembler.ts'
export { ANALYSIS_FLAGS, type TcpAnalysis } from '../flows/tcp-analysis.ts'
export { type Culprit, type Diagnosis, diagnose } from './diagnosis.ts'
export { diagnosisText, ElkoDiagnosis } from './elko-diagnosis.ts'
export type { Evidence, IcmpEvidence, SegmentEvidence } from './evidence.ts'
export type { Seen } from './outside/application-errors.ts'
export { CaptureDiagnoser, type CaptureReport, diagnoseCapture } from './outside/capture-diagnoser.ts'
export type { CaptureDiagnosis } from './outside/capture-diagnosis.ts'
export type {
  CaptureCulprit,
  Cause,
  Confidence,
  EvidenceFrame,
  ResetSender,
} from './outside/case.ts'
export { type ErrorMeaning, explainError } from './outside/error-texts.ts'
export type { Finding } from './outside/findings.ts'
export type { CaptureNote } from './outside/notes.ts'
export { type Comparison, compareCaptures, PlaceCapture } from './outside/two-captures.ts'
export { type CaptureVerdict, type Phase, VERDICTS } from './outside/verdicts.ts'
export type { Trouble } from './trouble.ts'
