/** A diagnosis of a captured connection in lines, for people; and as the banner of a picture. */

import type { CaptureDiagnosis } from '../analyze/outside/capture-diagnosis.ts'
import { verdictEntry } from '../analyze/outside/verdicts.ts'
import type { Banner } from '../trace/banner.ts'

export function bannerOf(diagnosis: CaptureDiagnosis): Banner {
  const { verdict, healthy, sentence } = diagnosis
  const lines = moreLines(diagnosis).map((line) => line.trim())
  const { slow = false } = verdictEntry(verdict)
  // Where nothing is wrong nobody is to blame.
  return { verdict, healthy, slow, sentence, lines: healthy ? lines.slice(1) : lines }
}

/** Whose connection it is, the verdict, and all that follows from it. */
export function diagnosisLines(d: CaptureDiagnosis): string[] {
  const name = d.stream < 0 ? '' : `stream ${d.stream}: `
  return [`${name}${d.client} > ${d.server}`, `  ${d.verdict}: ${d.sentence}`, ...moreLines(d)]
}

function moreLines(d: CaptureDiagnosis): string[] {
  const by = d.culprit === null ? 'cannot be told from here' : d.culprit
  const lines = [
    `  phase: ${d.phase}; by: ${by}; ${d.confidence}${d.ambiguous ? ', not to be told from this side alone' : ''}`,
  ]
  for (const { frame, text } of d.evidence) lines.push(`  - frame ${frame}: ${text}`)
  for (const side of ['client', 'server'] as const) {
    const seen = d.sees[side]
    if (seen === null || d.healthy) continue
    const errors = [
      seen.errno,
      seen.node?.message,
      seen.java && `${seen.java.exception}: ${seen.java.message}`,
    ]
    const known = errors.filter((text) => text !== null && text !== undefined)
    lines.push(`  the ${side} sees: ${seen.text}${known.length === 0 ? '' : ` (${known.join('; ')})`}`)
  }
  for (const { cause, culprit, toTellApart } of d.causes)
    lines.push(`  cause: ${cause} (${culprit}); ${toTellApart}`)
  for (const step of d.next) lines.push(`  next: ${step}`)
  for (const { kind, text } of d.findings) lines.push(`  ${kind}: ${text}`)
  return lines
}
