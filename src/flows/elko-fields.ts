/** Elko's own judgement as fields, beside Wireshark's and apart from them: why a segment came again, and where the two differ. */

import type { Field, FieldValue, TcpView } from './fields.ts'
import type { FlowTracker } from './flow-tracker.ts'
import type { Cause, CauseKind } from './retransmission-cause.ts'
import * as a from './tcp-analysis.ts'

/** A packet, and what the flow says of it. */
export interface ElkoView extends TcpView {
  readonly cause: Cause | null
  readonly tracker: FlowTracker
}

export interface ElkoField {
  readonly kind: Field['kind']
  readonly read: (view: ElkoView) => FieldValue | readonly FieldValue[] | null
}

/** Wireshark's flags of what comes again or late, the most special first. */
const FAMILY = ['spurious_retransmission', 'fast_retransmission', 'out_of_order', 'retransmission'] as const

/** What Wireshark would call it. A copy has no name there, nor has a probe among these. */
const NAMES: Readonly<Record<CauseKind, (typeof FAMILY)[number] | null>> = {
  reordering: 'out_of_order',
  duplicate: null,
  'keep-alive': null,
  'zero-window-probe': null,
  'fast-retransmit': 'fast_retransmission',
  timeout: 'retransmission',
  'tail-loss-probe': 'retransmission',
  recovery: 'retransmission',
}

export const ELKO_FIELDS: Readonly<Record<string, ElkoField>> = {
  'elko.analysis.cause': { kind: 'address', read: ({ cause }) => cause?.kind ?? null },
  'elko.analysis.evidence': { kind: 'address', read: ({ cause }) => cause?.evidence ?? null },
  'elko.analysis.lost': { kind: 'address', read: ({ cause }) => cause?.lost ?? null },
  'elko.analysis.original_frame': { kind: 'number', read: ({ cause }) => cause?.originalFrame || null },
  'elko.analysis.spurious_frame': { kind: 'number', read: ({ tracker }) => tracker.spuriousFrame || null },
  'elko.analysis.differs': { kind: 'address', read: differs },
}

/** Where Wireshark's word for the packet is another one, and what tells otherwise. */
function differs({ cause, analysis }: ElkoView): string | null {
  const theirs = FAMILY.find((name) => (analysis.flags & a.ANALYSIS_FLAGS[name]!) !== 0) ?? null
  const ours = cause === null ? null : NAMES[cause.kind]
  if (theirs === ours || (theirs === 'spurious_retransmission' && cause?.lost === null)) return null
  const said = theirs === null ? 'Wireshark says nothing' : `Wireshark says ${theirs}`
  return cause === null ? `${said}; its numbers are new` : `${said}; ${cause.kind}: ${cause.evidence}`
}
