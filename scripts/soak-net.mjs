#!/usr/bin/env node
/**
 * Gigabytes through Elko's sockets: http, TLS, HTTP/2 and WebSocket over `createNet` of two hosts that an impaired link
 * joins in this process, in real time. Every octet is checked against its SHA-256; both sides pause, half-close and
 * destroy at random; afterwards no socket, timer or buffer may be left.
 *
 *   npm run soak:net -- --gigabytes 10           10 GB in all, at 0, 1 and 5 % loss
 *   npm run soak:net -- --loss 5 --over tls,ws   one loss rate (per cent, each way), some protocols
 *   --seed N     what is sent, who pauses and who destroys; printed, by default that of the clock
 *   --mtu N      of the link, octets; default 1500
 *   --delay N    of the link, milliseconds each way; default 0
 *   --at-once N  exchanges at the same time; default 6
 *   --kernel     over node:net and the kernel's loopback in place of Elko, without loss: what the script itself costs
 *
 * Real time has no replay: a seed repeats what the applications do, not how the event loop interleaves it. Exit 0: all is
 * well; 1: something is not; 2: it was called wrongly. ELKO_DIST names a folder of compiled files to use as they are.
 */

import { spawnSync } from 'node:child_process'
import kernelNet from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Exchange, generator, judge } from './soak-net-exchange.mjs'
import { PROTOCOLS } from './soak-net-protocols.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = process.env.ELKO_DIST ?? join(ROOT, 'dist')
const USAGE = `npm run soak:net -- [--gigabytes N] [--loss P[,P]] [--over PROTOCOL[,PROTOCOL]] [--seed N]
                    [--mtu OCTETS] [--delay MS] [--at-once N] [--kernel]

Examples:
  npm run soak:net -- --gigabytes 10
  npm run soak:net -- --loss 5 --over tls,ws --seed 4711`
/** An exchange that takes longer hangs. */
const EXCHANGE_LIMIT_MS = 120_000
/** TIME-WAIT ends after twice the MSL; what is left so long after the last close is a leak. */
const MSL_MS = 250
/** The link takes no time: at 200 ms a timeout would cost what thousands of segments do. */
const RTO_MIN_MS = 5
const SETTLE_LIMIT_MS = 10_000
/** What the arrays of all sockets and streams may have grown by at the end, octets. */
const MOST_MEMORY = 64e6
/** Nobody sends a reset again that was lost: whoever waits in silence learns of it by asking. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 1000 }
const CLIENT = '10.0.0.1'
const SERVER = '10.0.0.2'

const load = (file) => import(pathToFileURL(join(DIST, 'src', file)).href)

async function main() {
  const options = readArguments()
  if (process.env.ELKO_DIST === undefined) build()
  console.log(`seed ${options.seed}, ${options.gigabytes} GB, Node ${process.versions.node}`)
  const failures = []
  const collect = collector()
  await sleep(10) // what loading began is over
  const resourcesAtFirst = process.getActiveResourcesInfo().sort()
  const share = (options.gigabytes * 1e9) / (options.losses.length * options.over.length)
  for (const loss of options.losses) {
    for (const name of options.over) failures.push(...(await soak(name, loss, share, options)))
  }
  failures.push(...(await leaks(resourcesAtFirst, collect)))
  for (const failure of failures) console.log(`FAILED ${failure}`)
  console.log(failures.length === 0 ? 'nothing failed, nothing is left' : `${failures.length} failures`)
  process.exitCode = failures.length > 0 ? 1 : 0
}

/** One protocol at one loss rate, until `share` octets were checked. Returns what failed. */
async function soak(name, loss, share, { seed, mtu, delay, atOnce, kernel }) {
  const random = generator(`${seed} ${name} ${loss}`)
  const world = kernel
    ? kernelWorld()
    : await elkoWorld({ loss, mtu, delay, seed: `${seed} ${name} ${loss}` })
  const failures = []
  const exchanges = new Map()
  const protocol = await PROTOCOLS[name](world, { exchanges, random })
  const totals = { octets: 0, exchanges: 0, destroyed: 0, slowestMs: 0 }
  const started = process.hrtime.bigint()
  const worker = async () => {
    while (totals.octets < share && failures.length < 10) {
      const exchange = new Exchange(random, share - totals.octets)
      exchanges.set(exchange.id, exchange)
      const began = Date.now()
      const limit = new AbortController()
      const hangs = sleep(EXCHANGE_LIMIT_MS, null, { signal: limit.signal }).then(
        () => true,
        () => false,
      )
      const done = protocol.exchange(exchange).then(() => false)
      if (await Promise.race([done, hangs])) failures.push(`${name}, ${loss} %: ${exchange.describe()} hangs`)
      else for (const wrong of judge(exchange)) failures.push(`${name}, ${loss} %: ${wrong}`)
      limit.abort()
      exchanges.delete(exchange.id)
      totals.octets += exchange.octets
      totals.exchanges++
      totals.slowestMs = Math.max(totals.slowestMs, Date.now() - began)
      if (exchange.wasDestroyed) totals.destroyed++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  await protocol.close()
  failures.push(...(await world.close()).map((what) => `${name}, ${loss} %: ${what}`))
  const { octets, destroyed } = totals
  const figures = [
    `${(octets / 1e9).toFixed(2)} GB in ${seconds.toFixed(1)} s`.padEnd(22),
    `${(octets / 1e6 / seconds).toFixed(0)} MB/s`.padStart(9),
    `${totals.exchanges} exchanges, ${destroyed} destroyed, the slowest ${(totals.slowestMs / 1000).toFixed(1)} s, ${world.sockets()} sockets${world.packets()}`,
  ]
  console.log(`${name.padEnd(6)} ${String(loss).padStart(2)} % lost  ${figures.join('  ')}`)
  return failures
}

/** Two hosts on an impaired link: their nets, and what is left of them in the end. */
async function elkoWorld({ loss, mtu, delay, seed }) {
  const [{ LinkHost, impair, loopbackPair }, { createNet }, { configure }] = await Promise.all([
    load('link/index.js'),
    load('net/create-net.js'),
    load('tcp/config.js'),
  ])
  const [near, far] = loopbackPair({ mtu })
  const worse = { loss: loss / 100, delayUs: delay * 1000 }
  const impaired = loss > 0 || delay > 0 ? impair(near, { toLink: worse, fromLink: worse }, seed) : null
  const config = configure({ mslMs: MSL_MS, rtoMinMs: RTO_MIN_MS, keepAliveIntervalMs: 1000 })
  const a = new LinkHost(impaired ?? near, { name: 'client', addresses: [`${CLIENT}/24`], config })
  const b = new LinkHost(far, { name: 'server', addresses: [`${SERVER}/24`], config })
  const count = socketCounter()
  return {
    address: SERVER,
    client: count.around(createNet(a)),
    server: count.around(createNet(b)),
    sockets: () => count.made,
    packets: () => {
      const counters = [impaired?.toLinkCounters, impaired?.fromLinkCounters].filter((each) => each)
      const sum = (name) => counters.reduce((total, each) => total + each[name], 0)
      return counters.length === 0 ? '' : `, ${sum('lost')} of ${sum('offered')} packets lost`
    },
    close: async () => {
      const left = () => [a, b].flatMap(({ name, stack }) => remains(name, stack.occupancy))
      for (let ms = 0; ms < SETTLE_LIMIT_MS && left().length + count.open > 0; ms += 50) await sleep(50)
      const failures = left()
      if (count.open > 0) failures.push(`${count.open} sockets have not emitted 'close'`)
      a.close()
      b.close()
      return failures
    },
  }
}

/** What a stack still holds, in words. */
function remains(name, occupancy) {
  return Object.entries(occupancy)
    .filter(([, amount]) => amount !== 0)
    .map(([what, amount]) => `${name} still holds ${amount} ${what}`)
}

function kernelWorld() {
  const count = socketCounter()
  return {
    address: '127.0.0.1',
    client: count.around(kernelNet),
    server: count.around(kernelNet),
    sockets: () => count.made,
    packets: () => '',
    close: async () => {
      for (let ms = 0; ms < SETTLE_LIMIT_MS && count.open > 0; ms += 50) await sleep(50)
      return count.open > 0 ? [`${count.open} sockets have not emitted 'close'`] : []
    },
  }
}

/** Counts the sockets of a net that are open: those that have not emitted 'close'. */
function socketCounter() {
  const counter = { made: 0, open: 0, around }
  function add(socket) {
    counter.made++
    counter.open++
    socket.once('close', () => counter.open--)
    return socket
  }
  function around(net) {
    return {
      connect: (options) => add(net.connect({ ...options, ...KEEP_ALIVE })),
      createServer: (options, listener) =>
        net.createServer({ ...options, ...KEEP_ALIVE }, (socket) => listener(add(socket))),
    }
  }
  return counter
}

/** What the process has more than at its start. */
async function leaks(resourcesAtFirst, collect) {
  const failures = []
  const first = resourcesAtFirst.join(', ')
  const now = () => process.getActiveResourcesInfo().sort().join(', ')
  for (let ms = 0; ms < SETTLE_LIMIT_MS && now() !== first; ms += 50) await sleep(50)
  if (now() !== first) failures.push(`active resources: ${now() || 'none'}; at first: ${first || 'none'}`)
  const { arrayBuffers, grown } = await collect()
  console.log(
    `arrays of octets: ${(arrayBuffers / 1e6).toFixed(1)} MB, ${(grown / 1e6).toFixed(1)} MB more than at first`,
  )
  if (grown > MOST_MEMORY) failures.push(`${(grown / 1e6).toFixed(1)} MB of memory`)
  return failures
}

/** Collects garbage, and tells how much the memory of buffers has grown since it was made. */
function collector() {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc')
  gc()
  const atFirst = process.memoryUsage().arrayBuffers
  return async () => {
    for (let round = 0; round < 3; round++) {
      gc()
      await sleep(20)
    }
    const { arrayBuffers } = process.memoryUsage()
    return { arrayBuffers, grown: arrayBuffers - atFirst }
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        gigabytes: { type: 'string', default: '1' },
        loss: { type: 'string', default: '0,1,5' },
        over: { type: 'string', default: Object.keys(PROTOCOLS).join() },
        seed: { type: 'string', default: String(Date.now() % 1e9) },
        mtu: { type: 'string', default: '1500' },
        delay: { type: 'string', default: '0' },
        'at-once': { type: 'string', default: '6' },
        kernel: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const number = (name, low, high, text = values[name]) => {
      const value = Number(text)
      if (text !== '' && value >= low && value <= high) return value
      throw new Error(`--${name} takes a number from ${low} to ${high}, not '${text}'`)
    }
    const over = values.over.split(',')
    const unknown = over.find((name) => !(name in PROTOCOLS))
    if (unknown !== undefined) {
      throw new Error(`--over takes some of ${Object.keys(PROTOCOLS).join()}, not '${unknown}'`)
    }
    const losses = values.loss.split(',').map((text) => number('loss', 0, 50, text))
    return {
      gigabytes: number('gigabytes', 0.001, 1e6),
      losses: values.kernel ? [0] : losses,
      over,
      seed: number('seed', 0, Number.MAX_SAFE_INTEGER),
      mtu: number('mtu', 576, 65_535),
      delay: number('delay', 0, 1000),
      atOnce: number('at-once', 1, 1000),
      kernel: values.kernel,
    }
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`)
    return process.exit(2)
  }
}

function build() {
  const steps =
    '. scripts/setup.sh && install_npm_packages && install_example_packages && build src/net src/link'
  const { status } = spawnSync('bash', ['-c', steps], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) process.exit(2)
}

await main()
