/** `elko/analyze`: what happened to a connection, and why; and what a capture says of its packets. */

export { ByteStreams, type SinkMaker } from './byte-streams.ts'
export { type Culprit, type Diagnosis, diagnose } from './diagnosis.ts'
export { Dissector, type TcpCallback } from './dissect.ts'
export { diagnosisText, ElkoDiagnosis } from './elko-diagnosis.ts'
export type { Evidence, IcmpEvidence, SegmentEvidence } from './evidence.ts'
export {
  type Field,
  type FieldKind,
  type FieldValue,
  FRAME_FIELDS,
  fieldText,
  TCP_FIELDS,
  type TcpView,
} from './fields.ts'
export type { Interval } from './interval.ts'
export type { Packet, TcpFields } from './packet.ts'
export { SequenceAnalysis } from './sequence-analysis.ts'
export type { StreamSink } from './stream-assembler.ts'
export { ANALYSIS_FLAGS, type TcpAnalysis } from './tcp-analysis.ts'
export { type TcpdumpOptions, TcpdumpPrinter } from './tcpdump-line.ts'
export type { Trouble } from './trouble.ts'
