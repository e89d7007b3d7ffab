/** Header of the console's calls: the id of the person whom their page was made for. */
export const PAGE_PERSON_HEADER = "x-operate-person";
