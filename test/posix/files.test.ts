import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ANY, c, connected, type Host, World } from './world.ts'

function pipeOf(host: Host): readonly [number, number] {
  assert.equal(host.call('pipe', [0, 0]), 0)
  return host.args[0] as [number, number]
}

describe('files', () => {
  test('open, read, write: files in memory, and the two devices', () => {
    const { a } = new World()
    assert.equal(a.call('open', '/nowhere', c('O_RDONLY')), 'ENOENT')
    const fd = a.call('open', '/tmp/five', c('O_RDONLY')) as number
    assert.equal(a.read(fd, 3), 3)
    assert.deepEqual([...(a.args[1] as Uint8Array)], [1, 2, 3])
    assert.equal(a.read(fd, 10), 2)
    assert.equal(a.read(fd, 10), 0)
    const made = a.call('open', '/tmp/new', c('O_RDWR|O_CREAT'), 0o644) as number
    assert.equal(a.write(made, 'abc'), 3)
    const again = a.call('open', '/tmp/new', c('O_RDONLY')) as number
    assert.equal(a.read(again, 10), 3)
    assert.equal(a.call('open', '/tmp/new', c('O_CREAT|O_EXCL')), 'EEXIST')
    const zero = a.call('open', '/dev/zero', c('O_RDONLY')) as number
    assert.equal(a.read(zero, 100), 100)
  })

  test('pipes: order kept, EAGAIN when empty or full, the end, EPIPE', () => {
    const { a } = new World()
    const [reading, writing] = pipeOf(a)
    assert.equal(a.write(writing, 'ab'), 2)
    assert.equal(a.write(writing, 'cd'), 2)
    a.call('ioctl', reading, c('FIONREAD'), [0])
    assert.deepEqual(a.args[2], [4])
    assert.equal(a.read(reading, 3), 3)
    assert.equal(String.fromCharCode(...(a.args[1] as Uint8Array)), 'abc')
    assert.equal(a.read(reading, 3), 1) // what there is
    a.blocks('read', reading, ANY, 3)
    a.write(writing, 'x')
    assert.equal(a.ended, 1)
    a.nonBlocking(writing)
    assert.equal(a.write(writing, 100_000), 65_536)
    assert.equal(a.write(writing, 1), 'EAGAIN')
    assert.equal(a.call('write', reading, ANY, 1), 'EBADF')
    a.call('close', reading)
    assert.equal(a.write(writing, 1), 'EPIPE')
  })

  test('a pipe in poll', () => {
    const { a } = new World()
    const [reading, writing] = pipeOf(a)
    const masks = () => {
      const both = [
        { fd: reading, events: c('POLLIN'), revents: 0 },
        { fd: writing, events: c('POLLOUT'), revents: 0 },
      ]
      a.call('poll', both, 2, 0)
      return (a.args[0] as { revents: number }[]).map(({ revents }) => revents)
    }
    assert.deepEqual(masks(), [0, c('POLLOUT')])
    a.write(writing, 'x')
    assert.deepEqual(masks(), [c('POLLIN'), c('POLLOUT')])
    a.call('close', writing)
    assert.deepEqual(masks(), [c('POLLIN|POLLHUP'), c('POLLNVAL')])
  })

  test('fcntl and FIONBIO', () => {
    const { a } = new World()
    const fd = a.socket()
    assert.equal(a.call('fcntl', fd, c('F_GETFL')), c('O_RDWR'))
    a.nonBlocking(fd)
    assert.equal(a.call('fcntl', fd, c('F_GETFL')), c('O_RDWR|O_NONBLOCK'))
    a.call('ioctl', fd, c('FIONBIO'), [0])
    assert.equal(a.call('fcntl', fd, c('F_GETFL')), c('O_RDWR'))
    assert.equal(a.call('fcntl', 99, c('F_GETFL')), 'EBADF')
    assert.match(a.unsupported('fcntl', fd, 1030, 0), /1030/)
  })
})

describe('between sockets and files', () => {
  test('sendfile: from an offset that it moves, or from where the file stands', () => {
    const { a, b, server, client } = connected()
    const fd = b.call('open', '/tmp/five', c('O_RDONLY')) as number
    assert.equal(b.call('sendfile', client, fd, [1], 3), 3)
    assert.deepEqual(b.args[2], [4])
    assert.equal(b.call('sendfile', client, fd, null, 2), 2)
    assert.equal(b.call('sendfile', client, fd, null, 9), 3)
    assert.equal(a.text(server, 100), '\x02\x03\x04\x01\x02\x03\x04\x05')
    assert.equal(b.call('sendfile', client, client, null, 1), 'EINVAL')
  })

  test('splice: from a socket into a pipe and out of one, not past the urgent mark', () => {
    const { a, b, server, client } = connected()
    const [reading, writing] = pipeOf(a)
    b.write(client, 'abc')
    assert.equal(a.call('splice', server, null, writing, null, 100, 0), 3)
    assert.equal(a.call('splice', reading, null, server, null, 2, 0), 2)
    assert.equal(b.text(client, 10), 'ab')
    b.call('send', client, 'dU', 2, c('MSG_OOB'))
    assert.equal(a.call('splice', server, null, writing, null, 100, 0), 1)
    assert.equal(a.call('splice', server, null, writing, null, 100, 0), 0)
    assert.equal(a.call('splice', server, null, server, null, 1, 0), 'EINVAL')
    assert.equal(a.call('splice', server, [0], writing, null, 1, 0), 'ESPIPE')
  })

  test('SIOCINQ, SIOCOUTQ, SIOCOUTQNSD count octets, and FIN as one that is sent', () => {
    const { world, a, b, server, client, listener } = connected()
    const asked = (host: Host, fd: number, name: string) => {
      assert.equal(host.call('ioctl', fd, c(name), [0]), 0)
      return (host.args[2] as number[])[0]
    }
    b.write(client, 'abc')
    assert.equal(asked(a, server, 'SIOCINQ'), 3)
    world.held = true
    b.write(client, 10)
    assert.deepEqual([asked(b, client, 'SIOCOUTQ'), asked(b, client, 'SIOCOUTQNSD')], [10, 0])
    b.call('shutdown', client, c('SHUT_WR'))
    assert.equal(asked(b, client, 'SIOCOUTQ'), 11)
    world.release()
    assert.equal(asked(b, client, 'SIOCOUTQ'), 0)
    assert.equal(asked(a, server, 'SIOCINQ'), 13)
    assert.equal(a.call('ioctl', listener, c('SIOCINQ'), [0]), 'EINVAL')
    assert.equal(asked(a, a.socket(), 'SIOCOUTQ'), 0)
  })
})
