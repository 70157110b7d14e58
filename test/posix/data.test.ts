import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Structure, Value } from '../../src/posix/value.ts'
import { ANY, c, connected, World } from './world.ts'

describe('read and write', () => {
  test('octets come out as they went in, whatever the sizes', () => {
    const { a, b, server, client } = connected()
    assert.equal(b.write(client, 'hello, world'), 12)
    assert.equal(a.text(server, 5), 'hello')
    assert.equal(a.text(server, 100), ', world')
  })

  test('a default buffer is zeros; a shorter string is filled up with them', () => {
    const { a, b, server, client } = connected()
    assert.equal(b.write(client, 3), 3)
    assert.equal(b.call('write', client, 'ab', 4), 4)
    assert.equal(a.text(server, 100), '\0\0\0ab\0\0')
  })

  test('read blocks until something comes; MSG_DONTWAIT and O_NONBLOCK do not; SO_RCVTIMEO ends it', () => {
    const { world, a, b, server, client } = connected()
    assert.equal(a.text(server, 1, c('MSG_DONTWAIT')), 'EAGAIN')
    a.blocks('read', server, ANY, 10)
    b.write(client, 'x')
    assert.equal(a.ended, 1)
    a.call('setsockopt', server, 1, c('SO_RCVTIMEO'), { tv_sec: 0, tv_usec: 5000 }, 16)
    a.blocks('read', server, ANY, 10)
    world.advance(5)
    assert.equal(a.ended, 'EAGAIN')
    a.nonBlocking(server)
    assert.equal(a.read(server, 10), 'EAGAIN')
  })

  test('SO_RCVLOWAT: a blocking read waits for so much, or the end', () => {
    const { a, b, server, client } = connected()
    assert.equal(a.set(server, 'SOL_SOCKET', 'SO_RCVLOWAT', [4]), 0)
    a.blocks('read', server, ANY, 10)
    b.write(client, 'abc')
    assert.equal(a.ended, 'blocked')
    b.write(client, 'd')
    assert.equal(a.ended, 4)
  })

  test('MSG_WAITALL waits for all of it, or the end', () => {
    const { a, b, server, client } = connected()
    a.blocks('recv', server, ANY, 6, c('MSG_WAITALL'))
    b.write(client, 'abc')
    assert.equal(a.ended, 'blocked')
    b.write(client, 'def')
    assert.equal(a.ended, 6)
    a.blocks('recv', server, ANY, 6, c('MSG_WAITALL'))
    b.write(client, 'gh')
    b.call('close', client)
    assert.equal(a.ended, 2)
  })

  test('MSG_PEEK leaves octets where they are; MSG_TRUNC throws them away', () => {
    const { a, b, server, client } = connected()
    b.write(client, 'abcdef')
    assert.equal(a.text(server, 3, c('MSG_PEEK')), 'abc')
    assert.equal(a.text(server, 3, c('MSG_PEEK')), 'abc')
    assert.equal(a.call('recv', server, ANY, 4, c('MSG_TRUNC')), 4)
    assert.equal(a.args[1], ANY)
    assert.equal(a.text(server, 3), 'ef')
  })

  test('vectors are gathered and scattered', () => {
    const { a, b, server, client } = connected()
    const vector: Value = [
      { 0: 'ab', 1: 2 },
      { 0: ANY, 1: 0 },
      { 0: 'cde', 1: 3 },
    ]
    assert.equal(b.call('writev', client, vector, 3), 5)
    assert.equal(b.call('sendmsg', client, { msg_name: ANY, msg_iov: vector, msg_flags: 0 }, 0), 5)
    assert.equal(
      a.call(
        'readv',
        server,
        [
          { 0: ANY, 1: 3 },
          { 0: ANY, 1: 4 },
        ],
        2,
      ),
      7,
    )
    const parts = (a.args[1] as { 0: Uint8Array }[]).map((part) => String.fromCharCode(...part[0]))
    assert.deepEqual(parts, ['abc', 'deab'])
    assert.equal(a.call('recvmsg', server, { msg_iov: [{ 0: ANY, 1: 9 }], msg_flags: 0 }, 0), 3)
    assert.equal(b.call('sendmsg', client, { msg_iov: [{ 0: ANY, 1: 0 }] }, 0), 0)
  })

  test('a bad pointer is EFAULT, and nothing is lost by it', () => {
    const { a, b, server, client } = connected()
    for (const call of ['write', 'send', 'sendto']) {
      assert.equal(b.call(call, client, null, 10, ...(call === 'write' ? [] : [0])), 'EFAULT', call)
    }
    b.write(client, 'abc')
    assert.equal(a.call('read', server, null, 10), 'EFAULT')
    assert.equal(a.call('recvmsg', server, { msg_iov: [{ 0: null, 1: 9 }] }, 0), 'EFAULT')
    assert.equal(a.text(server, 10), 'abc')
  })

  test('a socket that was never connected', () => {
    const { a } = new World()
    const fd = a.socket()
    assert.equal(a.write(fd, 'x'), 'EPIPE')
    assert.equal(a.read(fd, 1), 'ENOTCONN')
    assert.equal(a.call('send', fd, ANY, 1, c('MSG_OOB')), 'EPIPE')
  })

  test('flags that mean something else are unsupported, not ignored', () => {
    const { a, server } = connected()
    assert.match(a.unsupported('send', server, ANY, 1, c('MSG_FASTOPEN')), /7413/)
    assert.match(a.unsupported('send', server, ANY, 1, 0x100000), /0x100000/)
    assert.match(a.unsupported('recv', server, ANY, 1, 0x100000), /0x100000/)
    assert.equal(a.call('recv', server, ANY, 1, c('MSG_ERRQUEUE')), 'EAGAIN')
  })
})

describe('blocking writes', () => {
  test('a write blocks where there is no room and goes on as there is; without waiting it is partial', () => {
    const { world, a, b, server, client } = connected()
    b.set(client, 'SOL_SOCKET', 'SO_SNDBUF', [10_000])
    world.held = true
    b.blocks('write', client, ANY, 400_000)
    assert.equal(b.ended, 'blocked')
    world.release()
    for (let i = 0; i < 50 && b.ended === 'blocked'; i++) {
      a.call('recv', server, ANY, 100_000, c('MSG_DONTWAIT'))
      world.advance(50)
    }
    assert.equal(b.ended, 400_000)
    b.nonBlocking(client)
    world.held = true
    const some = b.write(client, 1_000_000)
    assert.ok(typeof some === 'number' && some > 0 && some < 1_000_000)
    assert.equal(b.write(client, 1), 'EAGAIN')
  })

  test('SO_SNDTIMEO: what was taken until then, or EAGAIN', () => {
    const { world, b, client } = connected()
    b.set(client, 'SOL_SOCKET', 'SO_SNDBUF', [10_000])
    b.call('setsockopt', client, 1, c('SO_SNDTIMEO'), { tv_sec: 1, tv_usec: 0 }, 16)
    world.lossy = true
    b.blocks('write', client, ANY, 400_000)
    world.advance(1000)
    assert.ok((b.ended as number) >= 20_000 && (b.ended as number) < 400_000)
    b.blocks('write', client, ANY, 1)
    world.advance(1000)
    assert.equal(b.ended, 'EAGAIN')
  })

  test('a reset ends a write that blocks: what was taken, then the error', () => {
    const { world, a, b, server, client } = connected()
    b.set(client, 'SOL_SOCKET', 'SO_SNDBUF', [10_000])
    a.set(server, 'SOL_SOCKET', 'SO_RCVBUF', [4000])
    world.held = true
    b.blocks('write', client, ANY, 400_000)
    a.call('setsockopt', server, 1, c('SO_LINGER'), { onoff: 1, linger: 0 }, 8)
    a.call('close', server)
    world.release()
    assert.ok((b.ended as number) > 0 && (b.ended as number) < 400_000)
    assert.equal(b.write(client, 'x'), 'ECONNRESET')
    assert.equal(b.write(client, 'x'), 'EPIPE')
  })
})

describe('urgent data', () => {
  test('one octet out of band, and the stream stops at its mark', () => {
    const { a, b, server, client } = connected()
    b.write(client, 'ab')
    assert.equal(b.call('send', client, 'cU', 2, c('MSG_OOB')), 2)
    b.write(client, 'de')
    assert.equal(a.text(server, 1, c('MSG_OOB|MSG_PEEK')), 'U')
    assert.equal(a.text(server, 1, c('MSG_OOB')), 'U')
    assert.equal(a.text(server, 1, c('MSG_OOB')), 'EINVAL')
    assert.equal(a.call('ioctl', server, c('SIOCINQ'), [0]), 0)
    assert.deepEqual(a.args[2], [3])
    assert.equal(a.text(server, 100), 'abc')
    a.call('ioctl', server, c('SIOCATMARK'), [0])
    assert.deepEqual(a.args[2], [1])
    assert.equal(a.text(server, 100), 'de')
    a.call('ioctl', server, c('SIOCATMARK'), [0])
    assert.deepEqual(a.args[2], [0])
  })

  test('SO_OOBINLINE: it is one octet like the others, but the mark stays', () => {
    const { a, b, server, client } = connected()
    a.set(server, 'SOL_SOCKET', 'SO_OOBINLINE', [1])
    b.write(client, 'ab')
    b.call('send', client, 'U', 1, c('MSG_OOB'))
    b.write(client, 'c')
    assert.equal(a.text(server, 1, c('MSG_OOB')), 'EINVAL')
    assert.equal(a.text(server, 100), 'ab')
    assert.equal(a.text(server, 100), 'Uc')
  })

  test('without urgent data there is none, and with it told but not here none yet', () => {
    const { a, server } = connected()
    assert.equal(a.text(server, 1, c('MSG_OOB')), 'EINVAL')
  })
})

describe('TCP_INQ', () => {
  test('recvmsg tells what is left; at the end of the stream one octet that is none', () => {
    const { a, b, server, client } = connected()
    a.set(server, 'SOL_TCP', 'TCP_INQ', [1])
    b.write(client, 'abcdef')
    const message: Structure = { msg_iov: [{ 0: ANY, 1: 4 }], msg_flags: 0, msg_control: [] }
    assert.equal(a.call('recvmsg', server, message, 0), 4)
    const left = () => (a.args[1] as { msg_control: { cmsg_data: number }[] }).msg_control[0]?.cmsg_data
    assert.equal(left(), 2)
    b.call('shutdown', client, c('SHUT_WR'))
    assert.equal(a.call('recvmsg', server, message, 0), 2)
    assert.equal(left(), 1)
    const { msg_control: _, ...without } = message
    a.call('recvmsg', server, without, 0)
    assert.equal((a.args[1] as { msg_flags: number }).msg_flags, c('MSG_CTRUNC'))
  })
})
