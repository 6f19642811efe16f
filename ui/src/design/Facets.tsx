// The values seen in the chosen time with how often; a click puts one into the filter or takes it out.
import { Checkbox } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./Facets.module.css";
import { type Filter, hasTerm } from "./filter";
import { exactNumber, formatCount } from "./numbers";
import type { KnownValue } from "./suggest";

export interface FacetGroup {
  key: string;
  title: string;
  values: KnownValue[];
  /** How a value is shown, when not as it is. */
  words?: (value: string) => string;
}

const MOST = 8;

interface FacetsProps {
  groups: FacetGroup[];
  filter: Filter;
  onToggle: (key: string, value: string) => void;
}

export function Facets({ groups, filter, onToggle }: FacetsProps) {
  const { t } = useTranslation();
  const known = groups.filter((group) => group.values.length > 0);
  return (
    <nav className={classes.facets} aria-label={t("filter.facets")}>
      {known.length === 0 && <p className={classes.nothing}>{t("filter.nothing")}</p>}
      {known.map((group) => (
        <fieldset key={group.key} className={classes.group}>
          <legend>{group.title}</legend>
          {group.values.slice(0, MOST).map((known) => (
            <div key={known.value} className={classes.value}>
              <Checkbox
                size="xs"
                checked={hasTerm(filter, group.key, known.value)}
                onChange={() => onToggle(group.key, known.value)}
                label={group.words?.(known.value) ?? known.value}
                classNames={{ root: classes.box, labelWrapper: classes.labelWrapper, label: classes.label }}
              />
              <span className={classes.count} title={exactNumber(known.count)}>
                {formatCount(known.count)}
              </span>
            </div>
          ))}
        </fieldset>
      ))}
    </nav>
  );
}
