import { plan } from '../../mapping/index.js'
import type { User } from '../../stores/index.js'
import { expectEqual } from '../assert.js'
import { always, type Check } from '../check.js'
import { createUser, make, subjectNamed } from '../subject.js'

/** Calls of the target, which may be repeated at any time. */
export const targetChecks: readonly Check[] = [
  {
    id: 'target.deprovision',
    level: 'MUST',
    section: 'AccessTarget.deprovision; S-INT-09',
    title: 'ends a person’s access twice as well as once, also of somebody the host never saw',
    appliesTo: always,
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context)
      await adapters.users.deprovision(scope, user, 'deactivated')
      await adapters.users.delete(scope, user.id, {})
      await adapters.users.deprovision(scope, user, 'deleted')
      await adapters.users.deprovision(scope, make(subjectNamed('users')) as User, 'deleted')
    },
  },
  {
    id: 'target.applyAccess',
    level: 'MUST',
    section: 'AccessTarget.applyAccess',
    title: 'answers what is in force, and the same when it is asked again',
    appliesTo: ({ access }) => access !== undefined,
    async run(context) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const access = await adapters.groups.resolveAccess(scope, user)
      const nothing = plan([], access)
      const first = await adapters.users.applyAccess(scope, user, access, nothing)
      const second = await adapters.users.applyAccess(scope, user, access, nothing)
      expectEqual(second.applied, first.applied, 'applied the second time')
    },
  },
]
