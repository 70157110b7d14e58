/** HTML files of connections, as the commands write them, for tests that open them in a browser; and what is asked of each. */

import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { htmlPage } from '../../src/cli/html-page.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import type { ViewerConnection } from '../../src/diagram/viewer-page.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import type { SegmentRecord, TraceEvent } from '../../src/trace/events.ts'
import { ACK, SYN } from '../../src/wire/segment.ts'
import './built-pages.ts'
import { lacksBrowser, type Misdeeds } from './page.ts'

export function fileOf(events: readonly TraceEvent[], more: Partial<ViewerConnection> = {}): string {
  const connection: ViewerConnection = {
    title: 'A connection',
    events,
    addresses: { client: '192.0.2.1', server: '192.0.2.2' },
    banner: null,
    connection: null,
    left: 0,
    tab: 'diagram',
    look: {},
    ...more,
  }
  return htmlPage(connection, sequenceDiagram(events, { title: connection.title }))
}

export function eventsOf(scenario: string): readonly TraceEvent[] {
  return runScenario(findScenario(scenario)!, {}).events
}

/** What a capture of a long transfer looks like: an acknowledgment for every second segment, one in 200 sent again. */
export function longTransfer(packets: number): TraceEvent[] {
  const events: TraceEvent[] = []
  const [client, server] = [
    { host: 'client', connection: 1 },
    { host: 'server', connection: 1 },
  ]
  let at = 0
  let packet = 0
  let seq = 1000
  const pass = (fromClient: boolean, flags: number, length: number, again = false): void => {
    packet++
    at += flags === ACK && length === 0 ? 900 : 120
    const segment: SegmentRecord = {
      srcPort: fromClient ? 50_000 : 80,
      dstPort: fromClient ? 80 : 50_000,
      seq: fromClient ? seq - (again ? length : 0) : 7001 - ((flags & SYN) === 0 ? 0 : 1),
      ack: (flags & ACK) === 0 ? 0 : fromClient ? 7001 : seq,
      flags,
      window: 64_000,
      scaledWindow: 64_000,
      urgentPointer: 0,
      length,
    }
    const [own, far] = fromClient ? [client, server] : [server, client]
    const reason = again ? 'fast-retransmit' : length > 0 ? 'new-data' : 'second-segment-ack'
    events.push({ kind: 'sent', at, ...own, packet, segment, reason, note: `frame ${packet}` })
    events.push({ kind: 'received', at, ...far, packet, segment })
    if (fromClient && !again) seq += length + ((flags & SYN) === 0 ? 0 : 1)
  }
  pass(true, SYN, 0)
  pass(false, SYN | ACK, 0)
  pass(true, ACK, 0)
  while (packet < packets) {
    pass(true, ACK, 1460)
    pass(true, ACK, 1460)
    if (packet % 200 < 3) pass(true, ACK, 1460, true)
    pass(false, ACK, 0)
  }
  return events
}

export const SKIP = { skip: lacksBrowser, timeout: 900_000 }
export const WINDOW = { viewport: { width: 1400, height: 900 } }

export const CLASSIC = fileOf(eventsOf('classic'), {
  banner: { verdict: 'closed normally', healthy: true, sentence: 'All went well.', lines: ['A proof.'] },
})
export const LONG = fileOf(longTransfer(2000))

export function assertQuiet({ requests, complaints }: Misdeeds): void {
  assert.deepEqual(requests, [], 'asks the network for nothing')
  assert.deepEqual(complaints, [], 'no error on the console')
}

export const textOf = async (locator: Locator): Promise<string> => (await locator.textContent()) ?? ''
/** Words of the details panel. */
export const details = (page: Page): Promise<string> => textOf(page.locator('.details'))
/** The name of what is chosen in the diagram. */
export const chosen = (page: Page): Promise<string | null> =>
  page.locator('[aria-selected=true][role=option]').getAttribute('aria-label')
export const diagram = (page: Page): Locator => page.getByRole('listbox', { name: 'Sequence diagram' })
export const marks = (page: Page): Promise<number> => page.getByRole('option').count()
