/**
 * A certificate that signs itself, and its key, made anew for each run: no key lies about in the repository.
 *
 *     const { key, cert } = selfSigned(['localhost'], ['127.0.0.1'])
 *
 * X.509 (RFC 5280) in its distinguished encoding: each value is a tag, a length and what it holds.
 */

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const [INTEGER, BITS, OCTETS, OBJECT, TEXT, TIME, SEQUENCE, SET] = [2, 3, 4, 6, 12, 24, 0x30, 0x31]
const COMMON_NAME = Buffer.from('550403', 'hex')
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex')
const SUBJECT_ALT_NAME = Buffer.from('551d11', 'hex')
const BASIC_CONSTRAINTS = Buffer.from('551d13', 'hex')

/** @returns {{key: string, cert: string}} for these names and IPv4 addresses, from 2020 to 2120. */
export function selfSigned(names, addresses = []) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, der(OBJECT, COMMON_NAME), der(TEXT, Buffer.from(names[0])))),
  )
  const times = ['20200101000000Z', '21200101000000Z'].map((time) => der(TIME, Buffer.from(time)))
  const alternatives = [
    ...names.map((each) => der(0x82, Buffer.from(each))),
    ...addresses.map((each) => der(0x87, Buffer.from(each.split('.').map(Number)))),
  ]
  const extensions = [
    extension(BASIC_CONSTRAINTS, der(SEQUENCE, der(1, Buffer.of(0xff)))),
    extension(SUBJECT_ALT_NAME, der(SEQUENCE, ...alternatives)),
  ]
  const algorithm = der(SEQUENCE, der(OBJECT, ECDSA_WITH_SHA256))
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name,
    der(SEQUENCE, ...times),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, ...extensions)),
  )
  const signature = der(BITS, Buffer.of(0), sign('sha256', body, privateKey))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: pemOf(der(SEQUENCE, body, algorithm, signature)),
  }
}

function der(tag, ...parts) {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...head), content])
}

const extension = (name, value) => der(SEQUENCE, der(OBJECT, name), der(OCTETS, value))

function pemOf(octets) {
  const lines = octets.toString('base64').match(/.{1,64}/g)
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
