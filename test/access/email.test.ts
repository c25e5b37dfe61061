import { emailOf } from '../../lib/access/email.js'
import type { User } from '../../lib/stores/resource.js'

const meta = { resourceType: 'User', created: '', lastModified: '', version: '1' }
const home = { value: 'Ines.Private@mail.example', type: 'home' }
const work = { value: 'ines@work.example', type: 'Work' }
const other = { value: 'ines@other.example', type: 'other' }
const main = { value: 'ines@main.example', primary: true }

describe('the address for Label Studio (R-USER-25)', () => {
  it.each([
    ['the primary e-mail', 'ines@acme.example', [home, work, main], 'ines@main.example'],
    ['else the work e-mail', 'ines@acme.example', [home, work], 'ines@work.example'],
    ['else userName where it is an address', 'Ines@acme.example', [home], 'ines@acme.example'],
    ['else an e-mail that is not private', 'ines', [home, other], 'ines@other.example'],
    ['a private e-mail where it is primary', 'ines', [{ ...home, primary: true }], home.value],
    ['never a private e-mail otherwise', 'ines', [home], undefined],
    ['else none', 'ines', [{ value: 'x' }], undefined],
  ])('is %s (A13)', (_, userName, emails, expected) => {
    expect(emailOf({ id: '1', meta, userName, emails } as unknown as User)).toBe(
      expected?.toLowerCase(),
    )
  })
})
