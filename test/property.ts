/**
 * fast-check for the tests: what it tries follows from one seed, so that a run of npm test finds what the run before it
 * found, on every machine. `npm run soak:properties` tries other seeds, and ELKO_PROPERTY_SEED=N one of them again.
 *
 *     import fc from '../property.ts'
 */

import { configureGlobal } from 'fast-check'

const SEED = 9293
const given = process.env.ELKO_PROPERTY_SEED

if (given !== undefined && !/^\d{1,9}$/.test(given)) {
  throw new Error(`ELKO_PROPERTY_SEED: expected a whole number of up to nine digits, not "${given}"`)
}
// The failure itself stands in the report: node:test prints no error's cause.
configureGlobal({ seed: given === undefined ? SEED : Number(given), includeErrorInReport: true })

export { default } from 'fast-check'
