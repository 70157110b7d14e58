import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTCOMES, seenAs } from '../../src/analyze/outside/application-errors.ts'
import { VERDICTS } from '../../src/analyze/outside/verdicts.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { pluralsOfOne } from '../diagnosis/judge.ts'
import { STORIES } from './outside-stories.ts'
import { captureOf, diagnosesOf, Story } from './wire-story.ts'

for (const [name, told] of Object.entries(STORIES)) {
  test(`${told.verdict}: ${name}`, () => {
    const before = (told.before ?? []).map((lines, k) => new Story(lines, { clientPort: 39_000 + k }))
    const diagnosis = diagnosesOf(captureOf(...before, new Story(told.story))).at(-1)!
    const { verdict, culprit, resetBy, healthy, evidence, next, causes } = diagnosis
    assert.equal(verdict, told.verdict, diagnosis.sentence)
    assert.equal(culprit, told.culprit)
    assert.equal(resetBy, told.resetBy ?? null)
    assert.deepEqual(pluralsOfOne(diagnosis), [])
    if (told.client !== undefined) assert.equal(diagnosis.sees.client?.outcome, told.client)
    if (healthy) return
    assert.ok(
      evidence.length > 0 && next.length > 0 && causes.length > 0,
      'it proves, explains and says what is next',
    )
    assert.deepEqual(
      evidence.map(({ frame }) => frame),
      evidence.map(({ frame }) => frame).sort((a, b) => a - b),
    )
  })
}

test('each verdict has a story, or a test of its own', () => {
  const told = new Set([...Object.values(STORIES).map(({ verdict }) => verdict), 'no-neighbour'])
  assert.deepEqual([...told].sort(), Object.keys(VERDICTS).sort())
})

test('who asks in vain for a hardware address three times has no connection at all', () => {
  const [diagnosis] = diagnosesOf(arpCapture())
  assert.equal(diagnosis!.verdict, 'no-neighbour')
  assert.equal(diagnosis!.server, '10.1.0.77')
  assert.equal(diagnosis!.sees.client?.java?.message, 'No route to host')
})

test('an ICMP error that quotes eight octets begins no connection of its own', () => {
  const story = new Story('0 c S\n 3.1 icmp 3/1 10.1.0.1 8')
  assert.equal(diagnosesOf(captureOf(story)).length, 1)
  story.packets.shift()
  assert.deepEqual(diagnosesOf(captureOf(story)), [])
})

test('errors stand as Node writes them', () => {
  assert.equal(seenAs('connect-refused', '10.0.0.1:80').node?.message, 'connect ECONNREFUSED 10.0.0.1:80')
  assert.equal(seenAs('reset', '10.0.0.1:80').node?.message, 'read ECONNRESET')
  for (const outcome of OUTCOMES) assert.notEqual(seenAs(outcome, '').text, '')
})

/** Three requests for 10.1.0.77 on Ethernet, a second apart. */
function arpCapture(): Uint8Array {
  const arp = '0001080006040001' + '02000000000a' + '0a010002' + '000000000000' + '0a01004d'
  const frame = Buffer.from(`ffffffffffff02000000000a0806${arp}`, 'hex')
  const parts = [pcapHeader({ linkType: 1 })]
  for (let k = 0; k < 3; k++) parts.push(pcapPacket((1_700_000_000 + k) * 1e6, frame, 0, frame.length))
  return Buffer.concat(parts)
}
