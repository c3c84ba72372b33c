// What a Relay app asks: a paged list, a refetchable card, a mutation with problems, a subscription.
import { graphql } from "relay-runtime";

export const page = graphql`
  query listPageQuery($id: ID!) {
    ...list_titles
    node(id: $id) {
      ... on Title {
        ...list_card @alias(as: "card")
      }
    }
  }
`;

export const list = graphql`
  fragment list_titles on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "listTitlesPaginationQuery") {
    titles(first: $count, after: $cursor) @connection(key: "list_titles") {
      edges {
        node {
          id
          ...list_card
        }
      }
    }
  }
`;

export const card = graphql`
  fragment list_card on Title @refetchable(queryName: "listCardRefetchQuery") {
    id
    name
    publishedAt
  }
`;

export const make = graphql`
  mutation listMakeMutation($input: CreateTitleInput!) {
    createTitle(input: $input) {
      __typename
      ... on Problem {
        code
        message
      }
    }
  }
`;

export const follow = graphql`
  subscription listFollowSubscription($id: ID!) {
    transcodeProgress(assetId: $id) {
      state
    }
  }
`;
