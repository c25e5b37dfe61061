import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectStoreError } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import {
  changed,
  create,
  createGroup,
  createUser,
  instant,
  type Subject,
  subjectNamed,
  subjects,
} from '../subject.js'
import { idsLike } from './ids.js'
import { addMember } from './members.js'
import { firstPage, read, replace } from './store.js'

/** A tenant does not see, count, link to or conflict with anything of another tenant. */
export const tenantChecks: readonly Check[] = [
  ...subjects.map(
    (subject): Check => ({
      id: `${subject.name}.tenants`,
      level: 'MUST',
      section: 'Scope; S-AUTHZ-01',
      title:
        'keeps tenants apart: another tenant’s resources are unknown, uncounted and free ' +
        'of conflict',
      appliesTo: subject.has,
      run: (context) => keepsApart(context, subject),
    }),
  ),
  {
    id: 'users.tenants.names',
    level: 'MUST',
    section: 'Scope; S-AUTHZ-01',
    title: 'keeps tenants apart whose names are alike: in another case, with a space, or longer',
    appliesTo: () => true,
    async run(context) {
      const users = subjectNamed('users')
      const theirs = await create(context, users)
      for (const tenant of idsLike(context.scope.tenant)) {
        const other = { ...context, scope: { ...context.scope, tenant } }
        const named = JSON.stringify(tenant)
        expectEqual(await read(other, users, theirs.id), undefined, `get for the tenant ${named}`)
        const { totalResults } = await firstPage(other, users)
        expectEqual(totalResults, 0, `totalResults for the tenant ${named}`)
      }
    },
  },
  {
    id: 'groups.tenants.members',
    level: 'MUST',
    section: 'Scope; S-AUTHZ-03',
    title: 'refuses another tenant’s user as a member as it refuses an unknown one',
    appliesTo: () => true,
    async run({ adapters, scope, otherScope }) {
      const stranger = await createUser({ adapters, scope: otherScope })
      await expectStoreError(
        'unknownReference',
        () => createGroup({ adapters, scope }, [stranger.id]),
        'create of a group with another tenant’s user',
      )
      const ours = await createGroup({ adapters, scope })
      await expectStoreError(
        'unknownReference',
        () => addMember({ adapters, scope, otherScope }, ours, stranger.id),
        'a change of a group that adds another tenant’s user',
      )
      const theirs = await createGroup({ adapters, scope: otherScope })
      const change = { add: [], remove: [stranger.id] }
      const result = await adapters.groups.changeMembers?.(scope, theirs.id, change, {
        now: instant(),
      })
      expectEqual(result, undefined, 'a change of another tenant’s group')
      const of = await adapters.groups.groupsOf(scope, [stranger.id])
      expectEqual(of.get(stranger.id) ?? [], [], 'groups of another tenant’s user')
    },
  },
]

async function keepsApart(context: CheckContext, subject: Subject): Promise<void> {
  const { adapters, otherScope } = context
  const other = { ...context, scope: otherScope }
  const store = subject.store(adapters)
  const name = { [subject.nameAttribute]: 'same' }
  const theirs = await create(other, subject, name)
  expectEqual(await read(context, subject, theirs.id), undefined, 'get across tenants')
  expectEqual(await store.delete(context.scope, theirs.id, {}), false, 'delete across tenants')
  await expectStoreError(
    'versionMismatch',
    () => replace(context, subject, changed(theirs, { externalId: 'x' }), theirs),
    'replace across tenants',
  )
  const found = await store.getMany?.(context.scope, [theirs.id], omitNothing)
  expectEqual(found ?? [], [], 'getMany across tenants')
  expectEqual((await firstPage(context, subject)).totalResults, 0, 'totalResults')
  const ours = await create(context, subject, name)
  expectEqual((await firstPage(context, subject)).resources, [ours], 'what query finds')
  expectEqual(await read(other, subject, theirs.id), theirs, 'the other tenant’s resource')
}
