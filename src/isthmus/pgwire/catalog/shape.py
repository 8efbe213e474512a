"""The columns of `pg_catalog` and `information_schema` that clients ask for.

A column is written `name`, a colon, a letter for its type and, where most rows share one, its
value: o a number of an object, s text, b a boolean, i an integer, n the same or null, f a float,
h a list of small integers, t a list of texts. Without a value numbers are 0, booleans false and
all else is null.
"""

from __future__ import annotations

from types import MappingProxyType

PG = MappingProxyType(
    {
        "pg_namespace": "oid:o nspname:s nspowner:o=10 nspacl:t",
        "pg_class": (
            "oid:o relname:s relnamespace:o reltype:o reloftype:o relowner:o=10 relam:o "
            "relfilenode:o reltablespace:o relpages:i reltuples:f=-1 relallvisible:i "
            "reltoastrelid:o relhasindex:b relisshared:b relpersistence:s=p relkind:s=v "
            "relnatts:i relchecks:i relhasrules:b relhastriggers:b relhassubclass:b "
            "relrowsecurity:b relforcerowsecurity:b relispopulated:b=t relreplident:s=n "
            "relispartition:b relrewrite:o relfrozenxid:o relminmxid:o relacl:t reloptions:t "
            "relpartbound:s relhasoids:b"
        ),
        "pg_attribute": (
            "attrelid:o attname:s atttypid:o attstattarget:i=-1 attlen:i attnum:i attndims:i "
            "attcacheoff:i=-1 atttypmod:i=-1 attbyval:b attstorage:s=p attalign:s=i "
            "attcompression:s= attnotnull:b atthasdef:b atthasmissing:b attidentity:s= "
            "attgenerated:s= attisdropped:b attislocal:b=t attinhcount:i attcollation:o attacl:t "
            "attoptions:t attfdwoptions:t attmissingval:s"
        ),
        "pg_type": (
            "oid:o typname:s typnamespace:o=11 typowner:o=10 typlen:i typbyval:b typtype:s=b "
            "typcategory:s typispreferred:b typisdefined:b=t typdelim:s=, typrelid:o "
            "typsubscript:o typelem:o typarray:o typinput:o typoutput:o typreceive:o typsend:o "
            "typmodin:o typmodout:o typanalyze:o typalign:s=i typstorage:s=p typnotnull:b "
            "typbasetype:o typtypmod:i=-1 typndims:i typcollation:o typdefaultbin:s "
            "typdefault:s typacl:t"
        ),
        "pg_attrdef": "oid:o adrelid:o adnum:i adbin:s",
        "pg_index": (
            "indexrelid:o indrelid:o indnatts:i indnkeyatts:i indisunique:b "
            "indnullsnotdistinct:b indisprimary:b indisexclusion:b indimmediate:b "
            "indisclustered:b indisvalid:b indcheckxmin:b indisready:b indislive:b "
            "indisreplident:b indkey:h indcollation:h indclass:h indoption:h indexprs:s indpred:s"
        ),
        "pg_constraint": (
            "oid:o conname:s connamespace:o contype:s condeferrable:b condeferred:b "
            "convalidated:b conrelid:o contypid:o conindid:o conparentid:o confrelid:o "
            "confupdtype:s confdeltype:s confmatchtype:s conislocal:b coninhcount:i "
            "connoinherit:b conkey:h confkey:h conpfeqop:h conppeqop:h conffeqop:h "
            "confdelsetcols:h conexclop:h conbin:s"
        ),
        "pg_description": "objoid:o classoid:o=1259 objsubid:i description:s",
        "pg_shdescription": "objoid:o classoid:o description:s",
        "pg_database": (
            "oid:o datname:s datdba:o=10 encoding:i=6 datlocprovider:s=c datistemplate:b "
            "datallowconn:b=t datconnlimit:i=-1 datfrozenxid:o datminmxid:o dattablespace:o=1663 "
            "datcollate:s=C.UTF-8 datctype:s=C.UTF-8 daticulocale:s datcollversion:s datacl:t"
        ),
        "pg_roles": (
            "oid:o rolname:s rolsuper:b rolinherit:b=t rolcreaterole:b rolcreatedb:b "
            "rolcanlogin:b=t rolreplication:b rolconnlimit:i=-1 rolpassword:s=******** "
            "rolvaliduntil:s rolbypassrls:b rolconfig:t"
        ),
        "pg_user": (
            "usename:s usesysid:o usecreatedb:b usesuper:b userepl:b usebypassrls:b "
            "passwd:s=******** valuntil:s useconfig:t"
        ),
        "pg_group": "groname:s grosysid:o grolist:h",
        "pg_auth_members": "roleid:o member:o grantor:o admin_option:b",
        "pg_settings": (
            "name:s setting:s unit:s category:s= short_desc:s= extra_desc:s context:s=user "
            "vartype:s=string source:s=default min_val:s max_val:s enumvals:s boot_val:s "
            "reset_val:s sourcefile:s sourceline:i pending_restart:b"
        ),
        "pg_proc": (
            "oid:o proname:s pronamespace:o proowner:o prolang:o procost:f prorows:f "
            "provariadic:o prosupport:o prokind:s prosecdef:b proleakproof:b proisstrict:b "
            "proretset:b provolatile:s proparallel:s pronargs:i pronargdefaults:i prorettype:o "
            "proargtypes:h proallargtypes:h proargmodes:s proargnames:s proargdefaults:s "
            "protrftypes:h prosrc:s probin:s prosqlbody:s proconfig:t proacl:t"
        ),
        "pg_am": "oid:o amname:s amhandler:o amtype:s",
        "pg_inherits": "inhrelid:o inhparent:o inhseqno:i inhdetachpending:b",
        "pg_trigger": (
            "oid:o tgrelid:o tgparentid:o tgname:s tgfoid:o tgtype:i tgenabled:s tgisinternal:b "
            "tgconstrrelid:o tgconstrindid:o tgconstraint:o tgdeferrable:b tginitdeferred:b"
        ),
        "pg_rewrite": "oid:o rulename:s ev_class:o ev_type:s ev_enabled:s is_instead:b",
        "pg_depend": (
            "classid:o objid:o objsubid:i refclassid:o refobjid:o refobjsubid:i deptype:s"
        ),
        "pg_enum": "oid:o enumtypid:o enumsortorder:f enumlabel:s",
        "pg_range": "rngtypid:o rngsubtype:o rngmultitypid:o rngcollation:o",
        "pg_collation": (
            "oid:o collname:s collnamespace:o collowner:o collprovider:s collisdeterministic:b "
            "collencoding:i collcollate:s collctype:s colliculocale:s"
        ),
        "pg_extension": (
            "oid:o extname:s extowner:o extnamespace:o extrelocatable:b extversion:s extconfig:s"
        ),
        "pg_available_extensions": "name:s default_version:s installed_version:s comment:s",
        "pg_foreign_table": "ftrelid:o ftserver:o ftoptions:s",
        "pg_foreign_server": "oid:o srvname:s srvowner:o srvfdw:o srvtype:s srvversion:s",
        "pg_foreign_data_wrapper": "oid:o fdwname:s fdwowner:o fdwhandler:o",
        "pg_sequence": (
            "seqrelid:o seqtypid:o seqstart:i seqincrement:i seqmax:i seqmin:i seqcache:i "
            "seqcycle:b"
        ),
        "pg_sequences": "schemaname:s sequencename:s sequenceowner:s data_type:s",
        "pg_tablespace": "oid:o spcname:s spcowner:o=10 spcacl:t spcoptions:t",
        "pg_policy": (
            "oid:o polname:s polrelid:o polcmd:s polpermissive:b polroles:h polqual:s "
            "polwithcheck:s"
        ),
        "pg_publication": "oid:o pubname:s pubowner:o puballtables:b pubinsert:b",
        "pg_publication_rel": "oid:o prpubid:o prrelid:o prqual:s prattrs:h",
        "pg_publication_namespace": "oid:o pnpubid:o pnnspid:o",
        "pg_statistic_ext": (
            "oid:o stxrelid:o stxname:s stxnamespace:o stxowner:o stxstattarget:i stxkeys:h "
            "stxkind:t stxexprs:s"
        ),
        "pg_tables": (
            "schemaname:s tablename:s tableowner:s tablespace:s hasindexes:b hasrules:b "
            "hastriggers:b rowsecurity:b"
        ),
        "pg_views": "schemaname:s viewname:s viewowner:s definition:s",
        "pg_matviews": (
            "schemaname:s matviewname:s matviewowner:s tablespace:s hasindexes:b "
            "ispopulated:b definition:s"
        ),
        "pg_indexes": "schemaname:s tablename:s indexname:s tablespace:s indexdef:s",
        "pg_language": "oid:o lanname:s lanowner:o lanispl:b lanpltrusted:b",
        "pg_operator": "oid:o oprname:s oprnamespace:o oprleft:o oprright:o oprresult:o",
        "pg_opclass": "oid:o opcmethod:o opcname:s opcnamespace:o opcintype:o opcdefault:b",
        "pg_cast": "oid:o castsource:o casttarget:o castfunc:o castcontext:s castmethod:s",
        "pg_timezone_names": "name:s abbrev:s utc_offset:s is_dst:b",
        "pg_event_trigger": "oid:o evtname:s evtevent:s evtowner:o evtfoid:o evtenabled:s",
        "pg_partitioned_table": "partrelid:o partstrat:s partnatts:i partdefid:o partattrs:h",
        "pg_stat_activity": (
            "datid:o datname:s pid:i usesysid:o usename:s application_name:s client_addr:s "
            "state:s query:s backend_type:s"
        ),
        "pg_locks": "locktype:s database:o relation:o pid:i mode:s granted:b",
        "pg_stat_user_tables": "relid:o schemaname:s relname:s seq_scan:i n_live_tup:i",
        "pg_statio_user_tables": "relid:o schemaname:s relname:s heap_blks_read:i",
        "pg_default_acl": "oid:o defaclrole:o defaclnamespace:o defaclobjtype:s defaclacl:t",
        "pg_seclabels": "objoid:o classoid:o objsubid:i objtype:s objname:s provider:s label:s",
    }
)

INFORMATION = MappingProxyType(
    {
        "information_schema_catalog_name": "catalog_name:s",
        "schemata": (
            "catalog_name:s schema_name:s schema_owner:s default_character_set_catalog:s "
            "default_character_set_schema:s default_character_set_name:s sql_path:s"
        ),
        "tables": (
            "table_catalog:s table_schema:s table_name:s table_type:s "
            "self_referencing_column_name:s reference_generation:s user_defined_type_catalog:s "
            "user_defined_type_schema:s user_defined_type_name:s is_insertable_into:s=NO "
            "is_typed:s=NO commit_action:s"
        ),
        "columns": (
            "table_catalog:s table_schema:s table_name:s column_name:s ordinal_position:i "
            "column_default:s is_nullable:s=YES data_type:s character_maximum_length:n "
            "character_octet_length:n numeric_precision:n numeric_precision_radix:n "
            "numeric_scale:n datetime_precision:n interval_type:s interval_precision:n "
            "character_set_catalog:s character_set_schema:s character_set_name:s "
            "collation_catalog:s collation_schema:s collation_name:s domain_catalog:s "
            "domain_schema:s domain_name:s udt_catalog:s udt_schema:s=pg_catalog udt_name:s "
            "scope_catalog:s scope_schema:s scope_name:s maximum_cardinality:n dtd_identifier:s "
            "is_self_referencing:s=NO is_identity:s=NO identity_generation:s identity_start:s "
            "identity_increment:s identity_maximum:s identity_minimum:s identity_cycle:s=NO "
            "is_generated:s=NEVER generation_expression:s is_updatable:s=NO"
        ),
        "views": (
            "table_catalog:s table_schema:s table_name:s view_definition:s check_option:s=NONE "
            "is_updatable:s=NO is_insertable_into:s=NO is_trigger_updatable:s=NO "
            "is_trigger_deletable:s=NO is_trigger_insertable_into:s=NO"
        ),
        "table_constraints": (
            "constraint_catalog:s constraint_schema:s constraint_name:s table_catalog:s "
            "table_schema:s table_name:s constraint_type:s is_deferrable:s initially_deferred:s "
            "enforced:s"
        ),
        "key_column_usage": (
            "constraint_catalog:s constraint_schema:s constraint_name:s table_catalog:s "
            "table_schema:s table_name:s column_name:s ordinal_position:i "
            "position_in_unique_constraint:i"
        ),
        "constraint_column_usage": (
            "table_catalog:s table_schema:s table_name:s column_name:s constraint_catalog:s "
            "constraint_schema:s constraint_name:s"
        ),
        "referential_constraints": (
            "constraint_catalog:s constraint_schema:s constraint_name:s "
            "unique_constraint_catalog:s unique_constraint_schema:s unique_constraint_name:s "
            "match_option:s update_rule:s delete_rule:s"
        ),
        "check_constraints": (
            "constraint_catalog:s constraint_schema:s constraint_name:s check_clause:s"
        ),
        "table_privileges": (
            "grantor:s grantee:s table_catalog:s table_schema:s table_name:s "
            "privilege_type:s=SELECT is_grantable:s=NO with_hierarchy:s=YES"
        ),
        "role_table_grants": (
            "grantor:s grantee:s table_catalog:s table_schema:s table_name:s "
            "privilege_type:s=SELECT is_grantable:s=NO with_hierarchy:s=YES"
        ),
        "enabled_roles": "role_name:s",
        "applicable_roles": "grantee:s role_name:s is_grantable:s=NO",
        "routines": (
            "specific_catalog:s specific_schema:s specific_name:s routine_catalog:s "
            "routine_schema:s routine_name:s routine_type:s data_type:s"
        ),
        "parameters": (
            "specific_catalog:s specific_schema:s specific_name:s ordinal_position:i "
            "parameter_mode:s parameter_name:s data_type:s"
        ),
        "sequences": "sequence_catalog:s sequence_schema:s sequence_name:s data_type:s",
        "triggers": (
            "trigger_catalog:s trigger_schema:s trigger_name:s event_manipulation:s "
            "event_object_catalog:s event_object_schema:s event_object_table:s"
        ),
        "character_sets": (
            "character_set_catalog:s character_set_schema:s character_set_name:s=UTF8 "
            "character_repertoire:s=UCS form_of_use:s=UTF8 default_collate_name:s"
        ),
        "element_types": (
            "object_catalog:s object_schema:s object_name:s object_type:s "
            "collection_type_identifier:s data_type:s"
        ),
        "domains": "domain_catalog:s domain_schema:s domain_name:s data_type:s",
    }
)
