import type { Access } from '../../../lib/adapter/index.js'

/** How much somebody may do in a project, or in the organization. Higher is more. */
export const ranks = { none: 0, AN: 1, RE: 2, MA: 3, AD: 4 } as const

/** One of {@link ranks}. */
export type Rank = (typeof ranks)[keyof typeof ranks]

/** What one person may do, in numbers of Label Studio. */
export interface PersonAccess {
  readonly account: number
  /** Lower-cased. */
  readonly email: string
  /** Of the organization. `AD` sees every project. */
  readonly rank: Rank
  /** The projects they are members of, directly or through a workspace. */
  readonly projects: ReadonlyMap<number, Rank>
}

const ranksOfRoles: Readonly<Record<string, Rank>> = {
  Administrator: ranks.AD,
  Manager: ranks.MA,
  Reviewer: ranks.RE,
  Annotator: ranks.AN,
}

/**
 * What the mapping gives somebody. The role in the project stands above the role in the
 * organization; `Inherit` and projects of a workspace take the latter.
 *
 * @param inWorkspaces projects of the person's workspaces, and those that they made
 */
export function personAccess(
  person: Pick<PersonAccess, 'account' | 'email'>,
  access: Pick<Access, 'active' | 'role' | 'projects'> | undefined,
  inWorkspaces: Iterable<number>,
): PersonAccess {
  const rank = access?.active ? rankOf(access.role) : ranks.none
  const projects = new Map<number, Rank>()
  if (rank > ranks.none) {
    for (const project of inWorkspaces) projects.set(project, rank)
    for (const { projectId, role } of access?.projects ?? []) {
      projects.set(projectId, role === 'Inherit' ? rank : rankOf(role))
    }
  }
  return { ...person, rank, projects }
}

function rankOf(role: string | null): Rank {
  return ranksOfRoles[role ?? ''] ?? ranks.none
}

/** What the person may do in this project. */
export function rankIn({ rank, projects }: PersonAccess, project: number): Rank {
  return rank === ranks.AD ? rank : (projects.get(project) ?? ranks.none)
}

/** The most that the person may do anywhere. */
export function highestRank({ rank, projects }: PersonAccess): Rank {
  return Math.max(rank, ...projects.values()) as Rank
}
