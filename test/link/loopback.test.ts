import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loopbackPair } from '../../src/link/loopback.ts'
import { turn } from './turn.ts'

test('a packet is handed over within the call, and the batch ends once afterwards', async () => {
  const [a, b] = loopbackPair()
  const log: string[] = []
  b.onPacket = (packet, offset, length) => log.push(`packet ${[...packet.subarray(offset, offset + length)]}`)
  b.onBatchEnd = () => log.push('end')
  const frame = Uint8Array.of(1, 2, 3, 4)
  assert.equal(a.send(frame, 2), true)
  assert.equal(a.send(frame, 3), true)
  assert.deepEqual(log, ['packet 1,2', 'packet 1,2,3'])
  await turn()
  assert.deepEqual(log, ['packet 1,2', 'packet 1,2,3', 'end'])
})

test('both directions work, and capabilities are as asked', async () => {
  const [a, b] = loopbackPair({ mtu: 1500, checksumOffload: false })
  assert.deepEqual([a.mtu, a.maxPacket, a.checksumOffload], [1500, 1500, false])
  assert.deepEqual([b.mtu, b.maxPacket, b.checksumOffload], [1500, 1500, false])
  assert.equal(loopbackPair()[0].checksumOffload, true)
  let echoes = 0
  a.onPacket = () => echoes++
  let owed = 0
  b.onPacket = () => owed++
  b.onBatchEnd = () => {
    for (; owed > 0; owed--) b.send(Uint8Array.of(9), 1)
  }
  for (let n = 0; n < 5; n++) a.send(Uint8Array.of(1), 1)
  await turn()
  assert.equal(echoes, 5)
})

test('a packet from inside onPacket is refused, not nested, and onWritable asks for it again', async () => {
  const [a, b] = loopbackPair()
  let depth = 0
  let refusals = 0
  const got: number[] = []
  a.onPacket = (packet) => {
    assert.equal(++depth, 1)
    got.push(packet[0]!)
    depth--
  }
  b.onPacket = () => {
    assert.equal(++depth, 1)
    if (!b.send(Uint8Array.of(7), 1)) refusals++
    depth--
  }
  b.onWritable = () => b.send(Uint8Array.of(8), 1)
  a.send(Uint8Array.of(1), 1)
  assert.equal(refusals, 1)
  assert.deepEqual(got, [])
  await turn()
  assert.deepEqual(got, [8])
})

test('two ends that answer each other for ever let the event loop have its turn', async () => {
  const [a, b] = loopbackPair()
  let rounds = 0
  for (const end of [a, b]) {
    end.onBatchEnd = () => {
      rounds++
      end.send(Uint8Array.of(1), 1)
    }
  }
  a.send(Uint8Array.of(1), 1)
  await turn()
  const before = rounds
  await turn()
  await turn()
  assert.ok(rounds > before)
  a.close()
  b.close()
  await turn()
  const after = rounds
  await turn()
  assert.equal(rounds, after)
})

test('an exception of the receiver does not jam the cable', () => {
  const [a, b] = loopbackPair()
  b.onPacket = () => {
    throw new Error('broken receiver')
  }
  assert.throws(() => a.send(Uint8Array.of(1), 1), /broken receiver/)
  let got = 0
  b.onPacket = () => got++
  assert.equal(a.send(Uint8Array.of(1), 1), true)
  assert.equal(got, 1)
})

test('after close packets vanish and no callback follows', async () => {
  const [a, b] = loopbackPair()
  const log: string[] = []
  b.onPacket = () => log.push('packet')
  b.onBatchEnd = () => log.push('end')
  a.send(Uint8Array.of(1), 1)
  b.close()
  b.close()
  assert.equal(a.send(Uint8Array.of(1), 1), true)
  assert.equal(b.send(Uint8Array.of(1), 1), true)
  await turn()
  assert.deepEqual(log, ['packet'])
})
