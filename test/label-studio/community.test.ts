import { describeCommunityContract } from '../adapters/label-studio/contract.js'
import { release, startLabelStudio } from '../support/label-studio-server.js'

describeCommunityContract(`Label Studio Community ${release}`, startLabelStudio)
