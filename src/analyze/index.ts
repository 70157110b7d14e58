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
export type { Flow, FlowReport, SideReport } from '../flows/flow.ts'
export { FlowRecorder } from '../flows/flow-recorder.ts'
export { FlowTracker } from '../flows/flow-tracker.ts'
export type { Interval } from '../flows/interval.ts'
export { SequenceAnalysis } from '../flows/sequence-analysis.ts'
export type { StreamSink } from '../flows/stream-assembler.ts'
export { ANALYSIS_FLAGS, type TcpAnalysis } from '../flows/tcp-analysis.ts'
export { type Culprit, type Diagnosis, diagnose } from './diagnosis.ts'
export { diagnosisText, ElkoDiagnosis } from './elko-diagnosis.ts'
export type { Evidence, IcmpEvidence, SegmentEvidence } from './evidence.ts'
export { CaptureDiagnoser, type CaptureReport } from './outside/capture-diagnoser.ts'
export type { CaptureDiagnosis } from './outside/capture-diagnosis.ts'
export { type CaptureFileReport, diagnoseCapture } from './outside/diagnose-capture.ts'
export type { CaptureNote } from './outside/notes.ts'
export { type CaptureVerdict, type Phase, VERDICTS } from './outside/verdicts.ts'
export type { Trouble } from './trouble.ts'
