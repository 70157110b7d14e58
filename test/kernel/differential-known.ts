/**
 * Where Elko and Linux are known to differ. Each entry has a row in docs/linux-differences.md under the same title, with
 * the text of the RFC that decides. A difference that is not known fails the test, and so does one that has vanished.
 */

import type { Difference } from './differential-run.ts'

export interface KnownDifference {
  readonly title: string
  /** The situation that the case began in. Absent: any. */
  readonly situation?: RegExp
  /** The state before the step. Absent: any. */
  readonly state?: RegExp
  /** The steps of the case before this one. Absent: any. */
  readonly after?: RegExp
  readonly event: RegExp
  /** `answer -> state after`, without the timestamps that both carry. */
  readonly elko: RegExp
  readonly linux: RegExp
  /** true: both are in the same place after it, and the case goes on. Default false: the case ends with it. */
  readonly goesOn?: boolean
}

/** The first entry that fits. */
export function knownAs(difference: Difference): KnownDifference | undefined {
  const { one, before, state, event } = difference
  const elko = inWords(difference.elko)
  const linux = inWords(difference.linux)
  return KNOWN.find(
    (known) =>
      (known.situation?.test(one.situation.name) ?? true) &&
      (known.state?.test(state) ?? true) &&
      (known.after?.test(before) ?? true) &&
      known.event.test(event) &&
      known.elko.test(elko) &&
      known.linux.test(linux),
  )
}

const inWords = ({ answer, state }: Difference['elko']): string =>
  `${answer.replaceAll(' <ts>', '')} -> ${state}`

const ACKS = /^A SEQ=N ACK=R -> /
const SILENT_AND_GONE = /^nothing -> none$/
const SILENT_AND_THERE = /^nothing -> (?!none)/
const ACKS_IN_TIME_WAIT = /^A SEQ=N ACK=R -> TIME-WAIT$/
const SILENT_IN_TIME_WAIT = /^nothing -> TIME-WAIT$/
const CLOSED_BY_PEER = /^(CLOSE-WAIT|CLOSING|LAST-ACK)$/

export const KNOWN: readonly KnownDifference[] = [
  {
    title: 'unacceptable segment without ACK',
    event: /^(-|F) /,
    elko: ACKS,
    linux: SILENT_AND_THERE,
    goesOn: true,
  },
  {
    title: 'reset at the right edge',
    event: /^RA? SEQ=EDGE( |$)/,
    elko: SILENT_AND_THERE,
    linux: ACKS,
    goesOn: true,
  },
  {
    title: 'reset at the place of the FIN',
    state: CLOSED_BY_PEER,
    event: /^RA? (\d+ octets )?SEQ=R-1( |$)/,
    elko: /^(nothing|A SEQ=N ACK=R) -> (?!none)/,
    linux: SILENT_AND_GONE,
  },
  {
    title: 'SYN in the window of a passive opening',
    situation: /^(?!.*SYN-SENT)/,
    state: /^SYN-RECEIVED$/,
    event: /^(S|SA|SF|SU) (\d+ octets )?SEQ=(R|EDGE-)/,
    elko: SILENT_AND_GONE,
    linux: /^(R SEQ=N|RA SEQ=0 ACK=\S+) -> none$/,
  },
  {
    title: 'bad ACK in a passive opening',
    situation: /^(?!.*SYN-SENT)/,
    state: /^SYN-RECEIVED$/,
    event: /ACK=(N[-+]|far)/,
    elko: /^(A SEQ=N ACK=R|SA ISS=same ACK=R <mss(,ts)?>) -> SYN-RECEIVED$|^nothing -> none$/,
    linux: /^R SEQ=SEG\.ACK -> SYN-RECEIVED$/,
  },
  {
    title: 'reset in TIME-WAIT',
    state: /^TIME-WAIT$/,
    event: /^RA? /,
    elko: SILENT_IN_TIME_WAIT,
    linux: SILENT_AND_GONE,
  },
  {
    title: 'new segment in TIME-WAIT',
    state: /^TIME-WAIT$/,
    event: /^(-|F|A|FA|UA|FUA) (.*)?SEQ=(R|EDGE)/,
    elko: SILENT_IN_TIME_WAIT,
    linux: ACKS_IN_TIME_WAIT,
    goesOn: true,
  },
  {
    title: 'bad ACK in TIME-WAIT',
    state: /^TIME-WAIT$/,
    event: /^A SEQ=R ACK=(N\+1|N-70000|far)$/,
    elko: ACKS_IN_TIME_WAIT,
    linux: SILENT_IN_TIME_WAIT,
    goesOn: true,
  },
  {
    title: 'SYN with FIN',
    state: /^LISTEN$/,
    event: /^SF$/,
    elko: /^SA ISS=new ACK=SEG\.SEQ\+1 <mss(,ts)?> -> SYN-RECEIVED$/,
    linux: SILENT_AND_GONE,
  },
  {
    title: 'SYN with FIN',
    state: /^TIME-WAIT$/,
    event: /^SF SEQ=/,
    elko: ACKS_IN_TIME_WAIT,
    linux: SILENT_AND_GONE,
  },
  {
    title: 'SYN with FIN',
    situation: /^SYN-SENT$/,
    after: /^SF$/,
    event: /^A \d+ octets SEQ=R/,
    elko: /^A SEQ=N ACK=R\+1 -> CLOSE-WAIT$/,
    linux: /^A SEQ=N ACK=R\S* -> ESTABLISHED$/,
  },
  {
    title: 'FIN behind a gap and nobody to read',
    situation: /released/,
    event: /^FA SEQ=(R\+\d+|EDGE|EDGE-1) /,
    elko: /^A SEQ=N ACK=R -> FIN-WAIT-[12]$/,
    linux: /^R SEQ=(N|SEG\.ACK) -> none$/,
  },
  {
    title: 'text across the FIN',
    state: CLOSED_BY_PEER,
    event: /^(A|FA|UA|FUA) \d+ octets SEQ=R-(1|50) /,
    elko: SILENT_AND_THERE,
    linux: /^R SEQ=(N|SEG\.ACK) -> none$/,
  },
  {
    title: 'bad ACK of a SYN',
    state: /^SYN-SENT$/,
    event: /ACK=/,
    elko: /^(R SEQ=SEG\.ACK|nothing) -> SYN-SENT$/,
    linux: /^(R SEQ=SEG\.ACK, )?S ISS=same <mss,ws(,ts)?> -> SYN-SENT$/,
    goesOn: true,
  },
  {
    title: 'window scale in a simultaneous open',
    state: /^SYN-SENT$/,
    event: /^S[FU]?( |$)/,
    elko: /^SA ISS=same ACK=SEG\.SEQ\+1 <mss(,ts)?> -> SYN-RECEIVED$/,
    linux: /^SA ISS=same ACK=SEG\.SEQ\+1 <mss,ws(,ts)?> -> SYN-RECEIVED$/,
    goesOn: true,
  },
  {
    title: 'SYN again in SYN-RECEIVED',
    state: /^SYN-RECEIVED$/,
    event: /^(S|SF|SA) (\d+ octets )?SEQ=R-1( |$)/,
    elko: /^A SEQ=N ACK=R\+100 -> ESTABLISHED$|^SA ISS=same ACK=R <mss(,ts)?> -> SYN-RECEIVED$|^nothing -> ESTABLISHED$/,
    linux: /^A SEQ=N ACK=R -> (SYN-RECEIVED|ESTABLISHED)$/,
    goesOn: true,
  },
  {
    title: 'ACK of nothing in a simultaneous open',
    situation: /after SYN-SENT/,
    state: /^SYN-RECEIVED$/,
    event: /ACK=N-1$|ACK=N-1 /,
    elko: /^R SEQ=SEG\.ACK -> SYN-RECEIVED$/,
    linux: /^(nothing|A SEQ=N ACK=R\S*) -> (ESTABLISHED|CLOSE-WAIT|SYN-RECEIVED)$/,
  },
  {
    title: 'empty segment one octet beyond the window',
    event: /^(A|-) SEQ=EDGE\+1( |$)/,
    elko: /^(nothing|R SEQ=\S+) -> /,
    linux: ACKS,
  },
  {
    title: 'segment across the right edge',
    event: /SEQ=EDGE(-1)?( |$)/,
    elko: /^(nothing|A SEQ=N ACK=R\S*|R SEQ=N) -> /,
    linux: /^(nothing|A SEQ=N ACK=R\S*|R SEQ=(N|SEG\.ACK)) -> /,
  },
  {
    title: 'segment that ends at RCV.NXT',
    event: /^(A \d+ octets SEQ=R-100|FA SEQ=R-1|FA \d+ octets SEQ=R-101) /,
    elko: ACKS,
    linux: /^(nothing|A SEQ=N ACK=R|R SEQ=SEG\.ACK) -> /,
  },
  {
    title: 'ACK of what was never sent',
    event: /ACK=N-(1|2|100)( |$)/,
    elko: /^nothing -> |^R SEQ=N -> none$|^A SEQ=N ACK=R\+\d+ -> /,
    linux: ACKS,
  },
  {
    title: 'ACK of what was never sent',
    after: /SEQ=R\+1 ACK=N-[12]( |$)/,
    event: /^A \d+ octets SEQ=R ACK=N$/,
    elko: /^A SEQ=N ACK=R\+10[12] -> /,
    linux: /^A SEQ=N ACK=R\+100 -> /,
  },
  {
    title: 'reset for text that nobody reads',
    situation: /released/,
    event: /octets SEQ=R\S* ACK=N-1/,
    elko: /^R SEQ=N -> none$/,
    linux: /^R SEQ=SEG\.ACK -> none$/,
  },
  {
    title: 'text beyond an early FIN',
    after: /^(F|FA) (\d+ octets )?SEQ=R\+1( |$)/,
    event: /^A \d+ octets SEQ=R/,
    elko: /^A SEQ=N ACK=R\+[12] -> /,
    linux: /^A SEQ=N ACK=R(\+\d+)? -> /,
  },
  {
    title: 'old ACK with the next text',
    state: /^ESTABLISHED$/,
    event: /^A \d+ octets SEQ=R ACK=(N-70000|far)$/,
    elko: ACKS,
    linux: /^A SEQ=N ACK=R\+100 -> ESTABLISHED$/,
  },
  {
    title: 'segment without its timestamp',
    event: /TSval=none$/,
    elko: /^(nothing|A SEQ=N ACK=R) -> (?!none)/,
    linux: /^(nothing|A SEQ=N ACK=R\S*|R SEQ=N|RA SEQ=0 ACK=\S+|SA ISS=same ACK=R <mss,ts>) -> /,
  },
  {
    title: 'old timestamp in an empty segment',
    event: /^A SEQ=\S+ ACK=\S+ TSval=-\d+$/,
    elko: ACKS,
    linux: SILENT_AND_THERE,
    goesOn: true,
  },
  {
    title: 'segment that ends at RCV.NXT',
    after: /^FA SEQ=R-1 ACK=N TSval=/,
    event: /^A \d+ octets SEQ=R ACK=N$/,
    elko: /^A SEQ=N ACK=R\+100 -> |^R SEQ=N -> none$|^nothing -> CLOSE-WAIT$/,
    linux: ACKS,
  },
  {
    title: 'smaller window without a new number',
    after: /WND=\d+$/,
    event: /^send$/,
    elko: SILENT_AND_THERE,
    linux: /^PA SEQ=N ACK=R 100 octets -> /,
  },
  {
    title: 'close with octets to send',
    state: /^CLOSE-WAIT$/,
    event: /^shutdown$/,
    elko: /^nothing -> CLOSE-WAIT$/,
    linux: /^nothing -> LAST-ACK$/,
  },
  {
    title: 'ICMP error while opening',
    state: /^(SYN-SENT|SYN-RECEIVED)$/,
    event: /^ICMP /,
    elko: SILENT_AND_THERE,
    linux: SILENT_AND_GONE,
  },
  {
    title: 'reset after the FIN',
    state: /^CLOSE-WAIT$/,
    event: /^RA? (\d+ octets )?SEQ=R( |$)/,
    elko: /^nothing -> none, (\d+ to read, )?ECONNRESET$/,
    linux: /^nothing -> none, (\d+ to read, )?EPIPE$/,
    goesOn: true,
  },
  {
    title: 'text with a SYN',
    event: /^S \d+ octets/,
    elko: /^SA ISS=new ACK=SEG\.SEQ\+101 <mss(,ts)?> -> SYN-RECEIVED$/,
    linux: /^SA ISS=new ACK=SEG\.SEQ\+1 <mss(,ts)?> -> SYN-RECEIVED$/,
  },
  {
    title: 'text with a SYN',
    state: /^SYN-SENT$/,
    event: /^SA? \d+ octets/,
    elko: /^(SA ISS=same|A SEQ=N) ACK=SEG\.SEQ\+101( <mss(,ts)?>)? -> /,
    linux: /^(SA ISS=same|A SEQ=N) ACK=SEG\.SEQ\+1( <mss,ws(,ts)?>)? -> /,
  },
  {
    title: 'reset of a simultaneous open',
    state: /^SYN-RECEIVED$/,
    event: /^RA? (\d+ octets )?SEQ=R( |$)/,
    elko: /^nothing -> none, ECONNREFUSED$/,
    linux: /^nothing -> none, ECONNRESET$/,
    goesOn: true,
  },
  {
    title: 'errno of an ICMP error',
    event: /^ICMP \d+\/\d+ quoting N-/,
    elko: /^nothing -> \S+, E\w+$/,
    linux: /^nothing -> \S+, (E\w+|nothing told)$/,
    goesOn: true,
  },
  {
    title: 'ICMP error about what is not in flight',
    event: /^ICMP \d+\/\d+ quoting N( |$)/,
    elko: /^nothing -> \S+, nothing told$/,
    linux: /^nothing -> \S+, E\w+$/,
    goesOn: true,
  },
]
