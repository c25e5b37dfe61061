import { resolveDeviations } from '../../lib/deviations.js'
import { parseProjection, project } from '../../lib/projection/index.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { ResourceType } from '../../lib/schema/types.js'

const user = compileResourceTypes().byName.get('User') as ResourceType
const bob = { id: 'u-1', userName: 'bob', emails: [{ value: 'bob@x.com', type: 'work' }] }

const attributesIn = (attributes: string, strict: boolean) => {
  const projection = parseProjection(user, { attributes }, resolveDeviations({ strict }))
  const { schemas: _, id: __, ...rest } = project(user, bob, projection)
  return rest
}

describe('deviation valueFilterInProjection', () => {
  it.each([
    ['emails[type eq "work"].value', { emails: [{ value: 'bob@x.com' }] }],
    ['emails[type eq "work"]', { emails: bob.emails }],
    [
      'userName,emails[type eq "a,b" or type eq "\\"],["].value',
      {
        userName: 'bob',
        emails: [{ value: 'bob@x.com' }],
      },
    ],
  ])(
    'takes %s as if it had no filter, and for an unknown name while it is off',
    (text, expected) => {
      expect(attributesIn(text, false)).toEqual(expected)
      expect(attributesIn(text, true)).toEqual('userName' in expected ? { userName: 'bob' } : {})
    },
  )
})
