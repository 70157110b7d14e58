/** A certificate for localhost that signs itself, and its key, made for this run. */

import { pathToFileURL } from 'node:url'

interface Certificates {
  selfSigned(names: readonly string[], addresses?: readonly string[]): { key: string; cert: string }
}

const { selfSigned } = (await import(pathToFileURL('examples/certificate.mjs').href)) as Certificates

export const { key: KEY, cert: CERTIFICATE } = selfSigned(['localhost'], ['127.0.0.1'])
