import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, test } from 'node:test'
import { CONSTANTS, constantOf, ERRNO_NUMBERS } from '../../src/posix/constants.ts'

describe('constants', () => {
  test('errno has the numbers of this very system', () => {
    assert.equal(process.platform, 'linux')
    for (const [name, number] of Object.entries(ERRNO_NUMBERS)) {
      const own = constants.errno[name as keyof typeof constants.errno]
      if (own !== undefined) assert.equal(number, own, name)
    }
  })

  test('every number is a number, and an unknown name has none', () => {
    for (const [name, number] of Object.entries(CONSTANTS)) assert.ok(Number.isSafeInteger(number), name)
    assert.equal(constantOf('SOL_SOCKET'), 1)
    assert.equal(constantOf('EPOLLET'), 0x80000000)
    assert.equal(constantOf('NO_SUCH'), undefined)
    assert.equal(constantOf('toString'), undefined)
  })
})
