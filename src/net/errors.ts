/**
 * Errors as node:net makes them: the same class, name, code, message, and own fields in the same order.
 *
 * System errors carry libuv's number of the platform (`errno`), so that `util.getSystemErrorName` knows it. Argument errors
 * carry their ERR_* code.
 */

import { getSystemErrorMap, inspect } from 'node:util'

/** An error of the system, with the fields that Node sets. */
export interface SystemError extends NodeJS.ErrnoException {
  address?: string
  port?: number
  localAddress?: string
  localPort?: number
}

const NUMBERS = new Map([...getSystemErrorMap()].map(([number, [code]]) => [code, number]))

/** libuv's number of 'ECONNRESET' and the like on this platform: negative. */
function errnoOf(code: string): number {
  const number = NUMBERS.get(code)
  if (number === undefined) throw new RangeError(`${code} is no system error`)
  return number
}

/** 'read ECONNRESET'. */
export function systemError(code: string, syscall: string): SystemError {
  return Object.assign(new Error(`${syscall} ${code}`), { errno: errnoOf(code), code, syscall })
}

/**
 * 'connect ECONNREFUSED 10.0.0.1:80', 'bind EADDRNOTAVAIL 10.0.0.9', 'connect ENETUNREACH 10.9.9.9:80 - Local (0.0.0.0:0)'.
 *
 * @param local where the socket was bound, in words: told where a call was refused at once.
 */
export function addressError(
  code: string,
  syscall: string,
  address: string | undefined,
  port: number | undefined,
  local?: string,
): SystemError {
  const where = `${placeText(address, port)}${local === undefined ? '' : ` - Local (${local})`}`
  const error: SystemError = new Error(`${syscall} ${code}${where}`)
  return placeFields(Object.assign(error, { errno: errnoOf(code), code, syscall }), address, port)
}

/** 'listen EADDRINUSE: address already in use 127.0.0.1:80'. */
export function listenError(
  code: string,
  address: string | null | undefined,
  port: number | undefined,
): SystemError {
  const errno = errnoOf(code)
  const [, sentence] = getSystemErrorMap().get(errno)!
  const error: SystemError = new Error(`listen ${code}: ${sentence}${placeText(address ?? undefined, port)}`)
  Object.assign(error, { code, errno, syscall: 'listen', address })
  if (port) error.port = port
  return error
}

/** What `dns.lookup` answers where a name does not exist: 'getaddrinfo ENOTFOUND name'. */
export function nameError(hostname: string): SystemError {
  const error: SystemError = new Error(`getaddrinfo ENOTFOUND ${hostname}`)
  // Node renames what libuv calls EAI_NONAME.
  const errno = errnoOf('EAI_NONAME')
  return Object.assign(error, { errno, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname })
}

function placeText(address: string | undefined, port: number | undefined): string {
  if (port !== undefined && port > 0) return ` ${address}:${port}`
  return address ? ` ${address}` : ''
}

function placeFields(error: SystemError, address: string | undefined, port: number | undefined): SystemError {
  Object.assign(error, { address })
  if (port) error.port = port
  return error
}

type ErrorClass = new (message: string) => Error

/** An error with a code of Node's; its stack and its text name the code, as Node's do. */
function codedError(Class: ErrorClass, code: string, message: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Class(message)
  const { name } = error
  error.name = `${name} [${code}]`
  void error.stack // V8 writes the first line when it is first asked for.
  Reflect.deleteProperty(error, 'name')
  Object.defineProperty(error, 'toString', {
    value: () => `${error.name} [${code}]: ${error.message}`,
    enumerable: false,
    writable: true,
    configurable: true,
  })
  error.code = code
  return error
}

/** Errors that say no more than their code and a sentence. */
const CODED = {
  ERR_SERVER_ALREADY_LISTEN: 'Listen method has been called more than once without closing.',
  ERR_SERVER_NOT_RUNNING: 'Server is not running.',
  ERR_SOCKET_CLOSED: 'Socket is closed',
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: 'Socket closed before the connection was established',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'Socket connection timeout',
  ERR_SOCKET_HANDLE_ADOPTED: 'The bound socket was adopted by a server or a socket',
} as const

export const stateError = (code: keyof typeof CODED): NodeJS.ErrnoException =>
  codedError(Error, code, CODED[code])

/** What the other side's end of the stream makes of a later `write`. */
export function endedByPeerError(): NodeJS.ErrnoException {
  return Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' })
}

/** All attempts to connect failed. */
export function attemptsError(errors: readonly NodeJS.ErrnoException[]): AggregateError {
  return Object.assign(new AggregateError(errors), { code: errors[0]?.code })
}

export const invalidIpAddress = (address: unknown): NodeJS.ErrnoException =>
  codedError(TypeError, 'ERR_INVALID_IP_ADDRESS', `Invalid IP address: ${String(address)}`)

export function invalidAddressFamily(family: unknown, host: unknown, port: unknown): NodeJS.ErrnoException {
  const message = `Invalid address family: ${family} ${host}:${port}`
  return Object.assign(codedError(RangeError, 'ERR_INVALID_ADDRESS_FAMILY', message), { host, port })
}

/** Of Node 22 and later; told by every version here. */
export const blockedAddress = (address: string): NodeJS.ErrnoException =>
  codedError(Error, 'ERR_IP_BLOCKED', `IP(${address}) is blocked by net.BlockList`)

/** One of `names` is missing. */
export const missingArgument = (...names: readonly string[]): NodeJS.ErrnoException => {
  const any = names.map((name) => `"${name}"`).join(' or ')
  return codedError(TypeError, 'ERR_MISSING_ARGS', `The ${any} argument must be specified`)
}

/** @param reason why, beyond Node's own words. */
export const invalidHandleType = (reason = ''): NodeJS.ErrnoException =>
  codedError(TypeError, 'ERR_INVALID_HANDLE_TYPE', `This handle type cannot be sent${reason}`)

export const unsupportedHandle = (type: string): NodeJS.ErrnoException =>
  codedError(TypeError, 'ERR_INVALID_FD_TYPE', `Unsupported fd type: ${type}`)

export function invalidValue(name: string, value: unknown, reason = 'is invalid'): NodeJS.ErrnoException {
  const shown = inspect(value)
  const text = shown.length > 128 ? `${shown.slice(0, 128)}...` : shown
  const kind = name.includes('.') ? 'property' : 'argument'
  return codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${kind} '${name}' ${reason}. Received ${text}`)
}

export function outOfRange(name: string, range: string, value: unknown): NodeJS.ErrnoException {
  const shown =
    Number.isInteger(value) && Math.abs(value as number) > 2 ** 32 ? grouped(String(value)) : inspect(value)
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`
  return codedError(RangeError, 'ERR_OUT_OF_RANGE', message)
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, '_')

export const badPort = (name: string, port: unknown): NodeJS.ErrnoException =>
  codedError(
    RangeError,
    'ERR_SOCKET_BAD_PORT',
    `${name} should be >= 0 and < 65536. Received ${specificType(port)}.`,
  )

/** Node counts 'Object' and 'Function' among them, and writes them small. */
const TYPES = new Set('string function number object Function Object boolean bigint symbol'.split(' '))

/** @param expected names of types ('number') and of classes ('Uint8Array', 'net.BlockList'). */
export function invalidType(
  name: string,
  expected: string | readonly string[],
  value: unknown,
): NodeJS.ErrnoException {
  const all = typeof expected === 'string' ? [expected] : expected
  const types = all.filter((each) => TYPES.has(each))
  const classes = all.filter((each) => !TYPES.has(each) && /^[A-Z][a-zA-Z0-9]*$/.test(each))
  const others = all.filter((each) => !TYPES.has(each) && !classes.includes(each))
  const parts: string[] = []
  if (types.length > 0)
    parts.push(
      `${types.length > 1 ? 'one of type' : 'of type'} ${enumerated(types.map((type) => type.toLowerCase()))}`,
    )
  if (classes.length > 0) parts.push(`an instance of ${enumerated(classes)}`)
  for (const other of others) parts.push(other.toLowerCase() === other ? other : `an ${other}`)
  const kind = name.includes('.') ? 'property' : 'argument'
  const message = `The "${name}" ${kind} must be ${parts.join(' or ')}. Received ${specificType(value)}`
  return codedError(TypeError, 'ERR_INVALID_ARG_TYPE', message)
}

/** 'a', 'a or b', 'a, b, or c'. */
function enumerated(words: readonly string[]): string {
  if (words.length < 3) return words.join(' or ')
  return `${words.slice(0, -1).join(', ')}, or ${words.at(-1)}`
}

/** A value as Node names it in its messages. */
function specificType(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'object') {
    return value.constructor?.name !== undefined
      ? `an instance of ${value.constructor.name}`
      : inspect(value, { depth: -1 })
  }
  if (typeof value === 'bigint') return `type bigint (${value}n)`
  if (typeof value === 'number') return `type number (${Object.is(value, -0) ? '-0' : value})`
  if (typeof value !== 'string') return `type ${typeof value} (${String(value)})`
  const text = value.length > 28 ? `${value.slice(0, 25)}...` : value
  return text.includes("'") ? `type string (${JSON.stringify(text)})` : `type string ('${text}')`
}
