/** `elko/analyze`: what happened to a connection, and why. */

export { type Culprit, type Diagnosis, diagnose } from './diagnosis.ts'
export { diagnosisText, ElkoDiagnosis } from './elko-diagnosis.ts'
export type { Evidence, IcmpEvidence, SegmentEvidence } from './evidence.ts'
export type { Trouble } from './trouble.ts'
