/** Two stacks on the loopback link in one process, each with a driver: what the in-process measurements share. */

import { randomBytes, randomInt } from 'node:crypto'
import { type Applications, Driver } from '../src/link/driver.ts'
import { loopbackPair } from '../src/link/loopback.ts'
import { Stack } from '../src/stack/stack.ts'
import type { Config } from '../src/tcp/config.ts'
import { type Address, parseAddress } from '../src/wire/address.ts'

export interface PairOptions {
  readonly mtu: number
  readonly checksumOffload: boolean
  readonly config?: Config
  readonly clientAddresses?: readonly string[]
}

export interface Pair {
  readonly client: Driver
  readonly server: Driver
  readonly serverAddress: Address
}

export function newStack(
  name: string,
  addresses: readonly string[],
  mtu: number,
  checksumOffload: boolean,
  config?: Config,
): Stack {
  const random = (): number => randomInt(-(2 ** 31), 2 ** 31)
  const secret = randomBytes(16)
  const options = { name, addresses, secret, random, mtu, checksumOffload }
  return new Stack(config === undefined ? options : { ...options, config })
}

export function pair(options: PairOptions, client: Applications, server: Applications): Pair {
  const { mtu, checksumOffload, config } = options
  const [a, b] = loopbackPair({ mtu, checksumOffload })
  const here = newStack('client', options.clientAddresses ?? ['10.0.0.1/8'], mtu, checksumOffload, config)
  const there = newStack('server', ['10.255.0.1/8'], mtu, checksumOffload, config)
  return {
    client: new Driver(here, a, client),
    server: new Driver(there, b, server),
    serverAddress: parseAddress('10.255.0.1')!,
  }
}

/** An application that hears nothing. */
export const DEAF: Applications = { onConnection: () => {}, onListener: () => {} }
