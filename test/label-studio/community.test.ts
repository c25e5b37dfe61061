import { describeCommunityContract } from '../adapters/label-studio/contract.js'
import { startLabelStudio } from '../support/label-studio-server.js'

describeCommunityContract('Label Studio Community 1.23.2', startLabelStudio)
