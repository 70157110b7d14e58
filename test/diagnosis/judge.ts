/** Compares what Elko says of a capture with what happened. */

import { CaptureDiagnoser } from '../../src/analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import { compareCaptures, PlaceCapture } from '../../src/analyze/outside/two-captures.ts'
import { readCaptureFile } from '../../src/cli/capture-input.ts'
import type { Case, Truth } from './case.ts'
import type { Played } from './provoke.ts'
import { firstError } from './script.ts'

export async function diagnosesOf(file: string): Promise<CaptureDiagnosis[]> {
  const diagnoser = new CaptureDiagnoser()
  await readCaptureFile(file, (record) => diagnoser.take(record))
  return [...diagnoser.report().connections]
}

async function diagnosesOfBoth(...files: readonly [string, string]): Promise<CaptureDiagnosis[]> {
  const places = [new PlaceCapture(), new PlaceCapture()] as const
  for (const [i, file] of files.entries()) await readCaptureFile(file, (record) => places[i]!.take(record))
  return compareCaptures(...places).connections.map(({ diagnosis }) => diagnosis)
}

/** Whose capture is looked at. */
export const VIEWS = ['client', 'server', 'both'] as const
export type View = (typeof VIEWS)[number]

/** What is wrong with the diagnosis of a view, a line each; none where all is right. */
export async function disagreements(played: Case, run: Played, view: View): Promise<string[]> {
  const truth = { client: played.truth, server: played.fromServer, both: played.fromBoth }[view]
  if (truth === undefined) return []
  const found = await {
    client: () => diagnosesOf(run.clientFile),
    server: () => diagnosesOf(run.serverFile),
    both: () => diagnosesOfBoth(run.clientFile, run.serverFile),
  }[view]()
  const port = played.port ?? 8080
  const there = port === 0 ? found : found.filter(({ server }) => server.endsWith(`:${port}`))
  if (truth === null)
    return there.length === 0 ? [] : [`${there.length} connections where none is in the capture`]
  const which = played.connection ?? -1
  const candidates = typeof which === 'string' ? there : there.slice(which).slice(0, 1)
  if (candidates.length === 0) return ['no such connection was found']
  const seen = view === 'client' ? run : null
  const wrong = candidates.map((one) => [...wrongAbout(one, truth), ...wrongSight(one, truth, seen)])
  if (which === 'every') return wrong.flat()
  return wrong.find((lines) => lines.length === 0) ?? wrong.sort((a, b) => a.length - b.length)[0]!
}

function wrongAbout(diagnosis: CaptureDiagnosis, truth: Truth): string[] {
  const wrong: string[] = []
  const compare = (what: string, said: unknown, meant: unknown): void => {
    if (meant === undefined || (Array.isArray(meant) && meant.length === 0)) return
    const allowed = Array.isArray(meant) ? meant : [meant]
    if (!allowed.includes(said)) wrong.push(`${what} is ${said}, not ${allowed.join(' or ')}`)
  }
  for (const what of ['verdict', 'healthy', 'phase', 'culprit', 'resetBy', 'ambiguous'] as const)
    compare(what, diagnosis[what], truth[what])
  const kinds = diagnosis.findings.map(({ kind }) => kind)
  for (const kind of truth.findings ?? [])
    if (!kinds.includes(kind)) wrong.push(`no finding "${kind}" among ${kinds.join(', ') || 'none'}`)
  if (diagnosis.ambiguous && diagnosis.next.length === 0) wrong.push('ambiguous, and not said where to look')
  const plurals = pluralsOfOne(diagnosis)
  if (plurals.length > 0) wrong.push(`its texts say ${plurals.join(', ')}`)
  if (wrong.length > 0) wrong.push(`what it says: ${diagnosis.sentence}`)
  return wrong
}

/** '1 segments': what a text counts wrongly in words. */
export function pluralsOfOne(diagnosis: CaptureDiagnosis): string[] {
  return JSON.stringify(diagnosis).match(/(?<![\d.,:])\b1 (?!(?:ms|is|was|has)\b)[a-zA-Z-]+s\b/g) ?? []
}

/** What the client's application saw is what the diagnosis says it sees. */
function wrongSight(diagnosis: CaptureDiagnosis, truth: Truth, run: Played | null): string[] {
  if (run === null || truth.sees === false) return []
  const error = firstError(run.client)
  const { errno = null, node = null } = diagnosis.sees.client ?? {}
  if (run.language === 'python') {
    const observed = error?.code ?? null
    return errno === observed ? [] : [`errno is ${errno}, and Python saw ${observed}`]
  }
  const withMessage = truth.sees !== 'code'
  const textOf = (one: NodeError): string => (withMessage ? `${one.code}: ${one.message}` : `${one.code}`)
  const said = node === null ? null : textOf(node)
  const observed = error === null ? null : textOf(error)
  return said === observed ? [] : [`Node's error is ${said}, and it saw ${observed}`]
}

interface NodeError {
  readonly code?: string
  readonly message?: string
}
