/** What programs expect of connect(2), whatever their host says. */

import { type Config, configure } from '../tcp/config.ts'

const ofRoot = new WeakMap<Config, Config>()

/**
 * A host's tunables for what sockets open: where ICMP says that no path leads there the opening ends at once, as with every
 * kernel that programs know, and the next address can be tried (RFC 5461 4.1).
 */
export function openingConfig(root: Config): Config {
  let config = ofRoot.get(root)
  if (config === undefined) ofRoot.set(root, (config = configure({ softErrorsEndOpening: true }, root)))
  return config
}
