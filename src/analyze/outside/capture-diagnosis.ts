/** What is said of one captured connection: plain data, and how a case becomes it. */

import { type Seen, seenAs } from './application-errors.ts'
import {
  type CaptureCulprit,
  Case,
  type Cause,
  type Confidence,
  type Ends,
  type EvidenceFrame,
  type ResetSender,
  type Rule,
  type Told,
} from './case.ts'
import type { ConnectionFacts } from './facts.ts'
import { type Finding, findingsOf } from './findings.ts'
import type { Hosts } from './hosts.ts'
import { CLOSE_RULES } from './rules/close.ts'
import { CONNECT_RULES } from './rules/connect.ts'
import { PERFORMANCE_RULES } from './rules/performance.ts'
import { RESET_RULES } from './rules/reset.ts'
import { SILENCE_RULES } from './rules/silence.ts'
import { TLS_RULES } from './rules/tls.ts'
import { type CaptureVerdict, type Phase, verdictEntry } from './verdicts.ts'

export interface CaptureDiagnosis {
  /** tcp.stream; -1 where no packet of TCP was sent at all. */
  readonly stream: number
  /** '10.0.0.1:49152', '[fd00::1]:49152'. */
  readonly client: string
  readonly server: string
  readonly verdict: CaptureVerdict
  /** No application sees an error. */
  readonly healthy: boolean
  readonly confidence: Confidence
  /** It cannot be told from this side of the connection; `causes` has what it may be, `next` where to look. */
  readonly ambiguous: boolean
  readonly phase: Phase
  /** Null: cannot be told. */
  readonly culprit: CaptureCulprit | null
  readonly resetBy: ResetSender | null
  readonly sentence: string
  readonly evidence: readonly EvidenceFrame[]
  readonly sees: { readonly client: Seen | null; readonly server: Seen | null }
  /** The likeliest first. */
  readonly causes: readonly Cause[]
  readonly next: readonly string[]
  readonly findings: readonly Finding[]
}

/** The first rule that applies judges. */
export const RULES: readonly Rule[] = [
  ...CONNECT_RULES,
  ...TLS_RULES,
  ...RESET_RULES,
  ...SILENCE_RULES,
  ...CLOSE_RULES,
  ...PERFORMANCE_RULES,
]

const HEALTHY: Told = {
  culprit: 'none',
  confidence: 'likely',
  evidence: [],
  client: 'nothing',
  server: 'nothing',
  causes: [],
  next: [],
}

export interface Naming extends Ends {
  readonly client: string
  readonly server: string
  /** As Node writes it in messages. */
  readonly target: string
}

export function judge(
  facts: ConnectionFacts,
  naming: Naming,
  hosts: Hosts,
  captureEnd: number,
): CaptureDiagnosis {
  const c = new Case(facts, naming, hosts, captureEnd)
  const rule = RULES.find(({ applies }) => applies(c))
  return compose(rule?.verdict ?? 'healthy', rule?.tell(c) ?? HEALTHY, naming, findingsOf(c))
}

const NOBODY: Naming = {
  stream: -1,
  client: '',
  server: '',
  target: '',
  clientAddress: '',
  serverAddress: '',
}
const PLAIN = compose('healthy', HEALTHY, NOBODY, [])

/** Of a connection that is plainly healthy: all but whose it is, the same objects for all. */
export function plainDiagnosis(stream: number, client: string, server: string): CaptureDiagnosis {
  const { verdict, healthy, confidence, ambiguous, phase, culprit, resetBy } = PLAIN
  const { sentence, evidence, sees, causes, next, findings } = PLAIN
  return {
    stream,
    client,
    server,
    verdict,
    healthy,
    confidence,
    ambiguous,
    phase,
    culprit,
    resetBy,
    sentence,
    evidence,
    sees,
    causes,
    next,
    findings,
  }
}

/** `JSON.stringify`, which of healthy connections needs no more than their names and findings. */
export function diagnosisJson(diagnosis: CaptureDiagnosis): string {
  const { stream, client, server, causes, findings } = diagnosis
  // These are the causes of whatever no rule applies to.
  if (causes !== HEALTHY.causes) return JSON.stringify(diagnosis)
  const told = findings.length === 0 ? '[]' : JSON.stringify(findings)
  return `{"stream":${stream},"client":"${client}","server":"${server}",${HEALTHY_JSON},"findings":${told}}`
}
const HEALTHY_JSON = healthyJson()

function healthyJson(): string {
  const { stream: _stream, client: _client, server: _server, findings: _findings, ...rest } = PLAIN
  return JSON.stringify(rest).slice(1, -1)
}

/** Verdicts that rest on packets which are not there. */
const OF_SILENCE: ReadonlySet<CaptureVerdict> = new Set<CaptureVerdict>([
  'no-neighbour',
  'connect-timeout',
  'syn-ack-lost',
  'accept-queue-full',
  'unacknowledged',
  'state-lost-silently',
  'path-mtu-black-hole',
  'keep-alive-timeout',
  'no-response',
  'closed-without-answer',
  'close-not-finished',
])

/** The same, where the capture lost packets: what it does not show may have been there. */
export function doubted(diagnosis: CaptureDiagnosis): CaptureDiagnosis {
  if (!OF_SILENCE.has(diagnosis.verdict)) return diagnosis
  return {
    ...diagnosis,
    confidence: 'possible',
    ambiguous: true,
    next: [
      ...diagnosis.next,
      'capture once more without losing packets: a larger buffer (`tcpdump -B`), shorter packets (`-s 128`), a filter',
    ],
  }
}

export function compose(
  verdict: CaptureVerdict,
  told: Told,
  naming: Naming,
  findings: Finding[],
): CaptureDiagnosis {
  const { sentence, phase, healthy } = verdictEntry(verdict)
  return {
    stream: naming.stream,
    client: naming.client,
    server: naming.server,
    verdict,
    healthy: healthy === true,
    confidence: told.confidence,
    ambiguous: told.ambiguous === true,
    phase: told.phase ?? phase,
    culprit: told.culprit,
    resetBy: told.resetBy ?? null,
    sentence: told.detail === undefined ? sentence : `${sentence}: ${told.detail}`,
    evidence: inOrder(told.evidence),
    sees: {
      client: seenAs(told.client, naming.target),
      server: told.server === null ? null : seenAs(told.server, naming.target),
    },
    causes: told.causes,
    next: told.next,
    findings,
  }
}

/** By frame; of two texts for one frame the first. */
function inOrder(evidence: readonly EvidenceFrame[]): EvidenceFrame[] {
  const once = evidence.filter(
    ({ frame }, place) => evidence.findIndex((other) => other.frame === frame) === place,
  )
  return once.sort((one, other) => one.frame - other.frame)
}
