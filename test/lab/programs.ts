/** The lab as it begins, with other programs. */

import { DEFAULT_LAB, type LabConfig } from '../../src/lab/lab-config.ts'

/** @param more of the configuration. */
export function withPrograms(client: string, server: string, more: Partial<LabConfig> = {}): LabConfig {
  const [left, right] = DEFAULT_LAB.hosts
  return {
    ...DEFAULT_LAB,
    hosts: [
      { ...left, program: client },
      { ...right, program: server },
    ],
    ...more,
  }
}
