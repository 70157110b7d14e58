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
export type { Trouble } from './trouble.ts'
