/** A packetdrill script that was pasted or dropped: played in virtual time, with its verdict. */

import { joined } from '../../bytes/join.ts'
import { pcapngHeader, pcapngPacket } from '../../capture/pcapng.ts'
import { type DrillResult, drill } from '../../drill/drill.ts'
import { printPacket } from '../../drill/print.ts'
import { type Shown, shownEvents, verdicts } from './shown.ts'

export function shownScript(text: string, name: string): Shown {
  const result = drill(text, name)
  const { events, addresses } = result
  const told = shownEvents(events)
  return {
    kind: 'script',
    title: name,
    words: [...verdictWords(result), ...verdicts(events, told.pairs)],
    ...told,
    hosts: ['elko', 'other side'],
    addresses: addresses === null ? {} : { elko: addresses.local, 'other side': addresses.remote },
    end: '',
    capture: () => ({ name: `${name.replace(/\.pkt$/, '')}.pcapng`, octets: captureOf(result) }),
  }
}

function verdictWords({ verdict }: DrillResult): string[] {
  const notes = verdict.notes.map(({ place, text }) => `Line ${place.line}: ${text}`)
  if (verdict.kind === 'passed')
    return [`The script passes, in ${(verdict.endUs / 1e6).toFixed(3)} s of virtual time.`, ...notes]
  const { line, column } = verdict.place
  const at = `line ${line}, column ${column}`
  if (verdict.kind === 'invalid') return [`This is no script: ${at}: ${verdict.reason}`]
  const what = verdict.kind === 'failed' ? verdict.failure.what : verdict.reason
  const head = verdict.kind === 'failed' ? `The script fails at ${at}: ${what}` : `Not judged, ${at}: ${what}`
  const { failure } = verdict
  if (failure === null) return [head, ...notes]
  const { expected, actual, differences } = failure
  return [
    head,
    ...(expected === null ? [] : [`Expected ${printPacket(expected)}`]),
    ...(actual === null ? [] : [`Actual ${printPacket(actual)}`]),
    ...differences.map((one) => `${one.field}: expected ${one.expected}, actual ${one.actual}`),
    ...notes,
  ]
}

function captureOf({ packets }: DrillResult): Uint8Array {
  const blocks = packets.map(({ at, direction, octets }) =>
    pcapngPacket(0, at, octets, 0, octets.length, {
      direction: direction === 'in' ? 'inbound' : 'outbound',
      comment: '',
    }),
  )
  return joined([pcapngHeader([{ name: 'elko' }]), ...blocks])
}
