import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Host } from './world.ts'
import { ANY, c, connected, World } from './world.ts'

function polled(host: Host, fd: number, events: string): number {
  const count = host.call('poll', [{ fd, events: c(events), revents: 0 }], 1, 0)
  const { revents } = (host.args[0] as { revents: number }[])[0]!
  assert.equal(count, revents === 0 ? 0 : 1)
  return revents
}

const ALL = 'POLLIN|POLLOUT|POLLPRI|POLLRDHUP'

describe('poll', () => {
  test('a socket before, while and after connect', () => {
    const world = new World()
    const { a, b } = world
    const fd = b.socket()
    assert.equal(polled(b, fd, ALL), c('POLLOUT|POLLHUP'))
    const listener = a.listening()
    assert.equal(polled(a, listener, ALL), 0)
    world.held = true
    b.nonBlocking(fd)
    b.call('connect', fd, ANY, ANY)
    assert.equal(polled(b, fd, ALL), 0)
    world.release()
    assert.equal(polled(b, fd, ALL), c('POLLOUT'))
    assert.equal(polled(a, listener, ALL), c('POLLIN'))
  })

  test('a refused connection', () => {
    const { b } = new World()
    const fd = b.socket()
    b.nonBlocking(fd)
    b.call('connect', fd, ANY, ANY)
    assert.equal(polled(b, fd, ALL), c('POLLIN|POLLOUT|POLLERR|POLLHUP|POLLRDHUP'))
    b.option(fd, 'SOL_SOCKET', 'SO_ERROR')
    assert.equal(polled(b, fd, 'POLLOUT'), c('POLLOUT|POLLHUP'))
  })

  test('octets, urgent octets, the end of one direction and of both', () => {
    const { a, b, server, client } = connected()
    assert.equal(polled(a, server, ALL), c('POLLOUT'))
    b.call('send', client, 'U', 1, c('MSG_OOB'))
    assert.equal(polled(a, server, ALL), c('POLLOUT|POLLPRI'))
    a.text(server, 1, c('MSG_OOB'))
    b.write(client, 'x')
    assert.equal(polled(a, server, ALL), c('POLLIN|POLLOUT'))
    assert.equal(a.text(server, 2), 'x')
    b.call('shutdown', client, c('SHUT_WR'))
    assert.equal(polled(a, server, ALL), c('POLLIN|POLLOUT|POLLRDHUP'))
    a.call('shutdown', server, c('SHUT_WR'))
    assert.equal(polled(a, server, ALL), c('POLLIN|POLLOUT|POLLRDHUP|POLLHUP'))
  })

  test('SO_RCVLOWAT counts for poll', () => {
    const { a, b, server, client } = connected()
    a.set(server, 'SOL_SOCKET', 'SO_RCVLOWAT', [3])
    b.write(client, 'ab')
    assert.equal(polled(a, server, 'POLLIN'), 0)
    b.write(client, 'c')
    assert.equal(polled(a, server, 'POLLIN'), c('POLLIN'))
  })

  test('a closed descriptor is POLLNVAL, a negative one is passed over', () => {
    const { a } = new World()
    assert.equal(polled(a, 50, 'POLLIN'), c('POLLNVAL'))
    assert.equal(polled(a, -1, 'POLLIN'), 0)
  })

  test('it blocks until something happens, or its time is over', () => {
    const { world, a, b, server, client } = connected()
    const entry = [{ fd: server, events: c('POLLIN'), revents: 0 }]
    a.blocks('poll', entry, 1, 100)
    world.advance(99)
    assert.equal(a.ended, 'blocked')
    world.advance(1)
    assert.equal(a.ended, 0)
    a.blocks('poll', entry, 1, -1)
    b.write(client, 'x')
    assert.equal(a.ended, 1)
  })
})

describe('epoll', () => {
  function watched(events: string): ReturnType<typeof connected> & { epoll: number } {
    const all = connected()
    const epoll = all.a.call('epoll_create', 1) as number
    const event = { events: c(events), fd: all.server }
    assert.equal(all.a.call('epoll_ctl', epoll, c('EPOLL_CTL_ADD'), all.server, event), 0)
    return { ...all, epoll }
  }

  function waited(host: Host, epoll: number): number {
    const count = host.call('epoll_wait', epoll, [], 4, 0)
    return count === 0 ? 0 : (host.args[1] as { events: number }[])[0]!.events
  }

  test('level: told as long as it is the case', () => {
    const { a, b, server, client, epoll } = watched('EPOLLIN')
    assert.equal(waited(a, epoll), 0)
    b.write(client, 'ab')
    assert.equal(waited(a, epoll), c('EPOLLIN'))
    assert.equal(waited(a, epoll), c('EPOLLIN'))
    a.text(server, 2)
    assert.equal(waited(a, epoll), 0)
  })

  test('edge: told once for each that comes, read or not, with all that is the case', () => {
    const { a, b, server, client, epoll } = watched('EPOLLIN|EPOLLOUT|EPOLLET')
    assert.equal(waited(a, epoll), c('EPOLLOUT'))
    assert.equal(waited(a, epoll), 0)
    b.write(client, 'ab')
    assert.equal(waited(a, epoll), c('EPOLLIN|EPOLLOUT'))
    assert.equal(waited(a, epoll), 0)
    a.text(server, 1)
    assert.equal(waited(a, epoll), 0)
    b.write(client, 'c')
    assert.equal(waited(a, epoll), c('EPOLLIN|EPOLLOUT'))
    b.call('close', client)
    assert.equal(waited(a, epoll), c('EPOLLIN|EPOLLOUT'))
  })

  test('edge: room to write is told after a write that found none', () => {
    const { world, a, b, server, client, epoll } = watched('EPOLLOUT|EPOLLET')
    assert.equal(waited(a, epoll), c('EPOLLOUT'))
    a.set(server, 'SOL_SOCKET', 'SO_SNDBUF', [10_000])
    a.nonBlocking(server)
    world.held = true
    assert.notEqual(a.write(server, 500_000), 500_000)
    assert.equal(waited(a, epoll), 0)
    world.release()
    for (let i = 0; i < 20; i++) {
      b.call('recv', client, ANY, 100_000, c('MSG_DONTWAIT'))
      world.advance(50)
    }
    assert.equal(waited(a, epoll), c('EPOLLOUT'))
    assert.equal(waited(a, epoll), 0)
  })

  test('one shot: told once, until it is set again', () => {
    const { a, b, server, client, epoll } = watched('EPOLLIN|EPOLLONESHOT')
    b.write(client, 'ab')
    assert.equal(waited(a, epoll), c('EPOLLIN'))
    b.write(client, 'c')
    assert.equal(waited(a, epoll), 0)
    const event = { events: c('EPOLLIN|EPOLLONESHOT'), ptr: 0 }
    a.call('epoll_ctl', epoll, c('EPOLL_CTL_MOD'), server, event)
    assert.equal(waited(a, epoll), c('EPOLLIN'))
  })

  test('the data comes back as it was given, one structure where one was passed', () => {
    const { a, b, server, client, epoll } = watched('EPOLLIN')
    b.write(client, 'x')
    a.call('epoll_wait', epoll, { events: 0, ptr: 0 }, 1, 0)
    assert.deepEqual(a.args[1], { events: c('EPOLLIN'), fd: server })
    a.text(server, 1)
    assert.equal(a.call('epoll_wait', epoll, { events: 0, ptr: 0 }, 1, 0), 0)
    assert.deepEqual(a.args[1], { events: 0, ptr: 0 })
  })

  test('it blocks; a closed descriptor is forgotten', () => {
    const { world, a, b, server, client, epoll } = watched('EPOLLIN')
    a.blocks('epoll_wait', epoll, [], 1, 20)
    world.advance(20)
    assert.equal(a.ended, 0)
    a.blocks('epoll_wait', epoll, [], 1, -1)
    b.write(client, 'x')
    assert.equal(a.ended, 1)
    a.call('close', server)
    assert.equal(waited(a, epoll), 0)
  })

  test('errors', () => {
    const { a, server, epoll } = watched('EPOLLIN')
    const event = { events: 1, fd: server }
    assert.equal(a.call('epoll_create', 0), 'EINVAL')
    assert.equal(a.call('epoll_create1', 3), 'EINVAL')
    assert.equal(a.call('epoll_ctl', epoll, c('EPOLL_CTL_ADD'), server, event), 'EEXIST')
    assert.equal(a.call('epoll_ctl', epoll, c('EPOLL_CTL_ADD'), epoll, event), 'EINVAL')
    assert.equal(a.call('epoll_ctl', epoll, 9, server, event), 'EINVAL')
    assert.equal(a.call('epoll_ctl', epoll, c('EPOLL_CTL_DEL'), server, null), 0)
    assert.equal(a.call('epoll_ctl', epoll, c('EPOLL_CTL_MOD'), server, event), 'ENOENT')
    assert.equal(a.call('epoll_wait', epoll, [], 0, 0), 'EINVAL')
    assert.equal(a.call('epoll_wait', server, [], 1, 0), 'EINVAL')
    const file = a.call('open', '/dev/zero', 0) as number
    assert.equal(a.call('epoll_ctl', epoll, c('EPOLL_CTL_ADD'), file, event), 'EPERM')
  })
})
