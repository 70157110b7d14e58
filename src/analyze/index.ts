/** `elko/analyze`: what happened to a connection, and why. */

export type { Diagnosis } from './diagnosis.ts'
