import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verdict, verdictData } from '../../src/diagram/verdict.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import { STORIES } from './stories.ts'
import { Story } from './story.ts'

const VERDICTS: Readonly<Record<keyof typeof STORIES, string>> = {
  classic: 'client opened, sent 1024 octets, received 700 and closed first; both sides closed normally.',
  oneEnd: 'client opened, sent 1024 octets, received 700 and closed first; both sides closed normally.',
  refused: 'client tried to open and server refused: no connection and no listener.',
  timedOut: 'client tried to open and gave up: no answer to the SYN within R2.',
  reset:
    'client opened, sent 1024 octets (1024 of them never acknowledged) and received 0; ' +
    'server reset the connection: closed with data that the application never read.',
  simultaneousOpen:
    'alice and bob opened at once; alice sent 0 octets and received 0; ' +
    'still open: alice is in ESTABLISHED, bob is in ESTABLISHED.',
  hostileNetwork:
    'client (its opening is not recorded) sent 6000 octets (6000 of them never acknowledged) and received 0; ' +
    'its end is not recorded.',
}

for (const [name, expected] of Object.entries(VERDICTS)) {
  test(`the verdict on ${name} names who, how much and how it ended`, () => {
    assert.equal(verdict(STORIES[name as keyof typeof STORIES]().events), expected)
  })
}

test('of a connection that one end recorded, it is known who opened it, whichever end that was', () => {
  const { events } = STORIES.classic()
  for (const [host, other] of [
    ['client', 'server'],
    ['server', 'client'],
  ]) {
    const own = events.filter((event) => event.host === host)
    const [pair] = connectionsIn(own)
    assert.deepEqual([pair!.left.recorded, pair!.right.recorded], [host === 'client', host === 'server'])
    const told = verdict(own).replace('peer', other!)
    assert.match(
      told,
      /^client opened, sent 1024 octets, received 700 and closed first; both sides closed normally\.$/,
    )
  }
})

test('an empty record has no verdict', () => {
  assert.equal(verdict([]), 'nothing to judge: no connection in the record.')
})

test('FINs that cross close both at once; a FIN that acknowledges the other one is the second', () => {
  for (const crossed of [true, false]) {
    const story = opened()
    const first = story.send('a', 'b', 'FIN,ACK', 'fin', { seq: 1, ack: 1 })
    if (!crossed) story.receive('b', first)
    const second = story.send('b', 'a', 'FIN,ACK', 'fin', { seq: 1, ack: crossed ? 1 : 2 })
    if (crossed) story.receive('b', first)
    story.receive('a', second)
    const data = verdictData(story.events, connectionsIn(story.events)[0]!)
    assert.equal(data.closedFirst, crossed ? 'both' : 0)
  }
})

test('octets are counted once: retransmissions, probes, keep-alives and FINs add none, the wrap loses none', () => {
  const story = opened(-3)
  const sizes = [4, 4, 2]
  let seq = -2
  for (const length of sizes) {
    story.send('a', 'b', 'ACK', 'new-data', { seq, ack: 1, length })
    story.receive('b', story.send('a', 'b', 'ACK', 'retransmission-timeout', { seq, ack: 1, length }))
    seq += length
  }
  story.send('a', 'b', 'ACK', 'keep-alive', { seq: seq - 1, ack: 1, length: 1 })
  story.send('a', 'b', 'FIN,ACK', 'fin', { seq, ack: 1 })
  story.receive('a', story.send('b', 'a', 'ACK', 'second-segment-ack', { seq: 1, ack: 6 }))
  const data = verdictData(story.events, connectionsIn(story.events)[0]!)
  assert.deepEqual(data.octets, [10, 0])
  assert.deepEqual(data.acknowledged, [8, 0])
  assert.deepEqual(data.finished, [false, false])
})

test('a reset without a recorded reason is still a reset', () => {
  const story = opened()
  story.state('a', 'SYN-SENT', 'ESTABLISHED')
  const rst = story.send('b', 'a', 'RST', 'reset-abort', { seq: 1 })
  story.receive('a', rst)
  story.state('a', 'ESTABLISHED', 'CLOSED')
  story.signal('a', 'closed', 'reset-by-peer')
  assert.match(
    verdict(story.events),
    /; b reset the connection: ABORT: the application gave the connection up\.$/,
  )
  const alone = story.events.filter((event) => event.host === 'a')
  assert.match(verdict(alone), /; peer reset the connection, a does not know why\.$/)
})

function opened(iss = 0): Story {
  const story = new Story({ a: 1, b: 2 })
  story.receive('b', story.send('a', 'b', 'SYN', 'syn', { seq: iss }))
  story.receive('a', story.send('b', 'a', 'SYN,ACK', 'syn-ack', { seq: 0, ack: (iss + 1) | 0 }))
  return story
}
